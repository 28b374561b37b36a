import { ApiError } from '@/api/errors';
import { Fault, Waiting } from './Fault';
import { Page, Panel } from './Page';
import { PageHead } from './PageHead';

type Props = {
  /** What kind of page this is; its own title comes with its content. */
  title: string;
  error: unknown;
  onRetry: () => void;
};

/** A page whose content is on its way, or did not come: the head stands already, so that little jumps. */
export function PagePending({ title, error, onRetry }: Props) {
  if (error === null || error === undefined)
    return (
      <Page>
        <PageHead title={title} crumbs={HOME} />
        <Panel>
          <Waiting lines={8} />
        </Panel>
      </Page>
    );
  // What is not there does not come by asking again.
  const isMissing = error instanceof ApiError && error.status === 404;
  return (
    <Page>
      <PageHead title={title} crumbs={HOME} />
      <Fault error={error} {...(isMissing ? {} : { onRetry })} />
    </Page>
  );
}

const HOME = [{ label: 'Home', to: '/' }];
