import { Alert, Button, Stack } from '@mantine/core';
import { IconAlertTriangle, IconDownload } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from 'react-router';
import type { Schemas } from '@/api/client';
import { useLab } from '@/api/lab';
import { AskButton } from '@/components/AskButton';
import { LifeMenu } from '@/components/life/LifeMenu';
import { LinkLabel } from '@/components/LinkLabel';
import { Page } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { StateLabel } from '@/components/StateLabel';
import { useAct } from './act';
import { AnswerPanel } from './AnswerPanel';
import { ArmTable } from './ArmTable';
import { AskedPanel } from './AskedPanel';
import { AttributeAnswer } from './AttributeAnswer';
import { AttributeTable } from './AttributeTable';
import { ClassTable } from './ClassTable';
import { GainPlot } from './GainPlot';
import { LearningCurve } from './LearningCurve';
import { useLiveStudy } from './live';
import { StudyProgress } from './StudyProgress';
import { SamplingTable } from './SamplingTable';
import { isMoving, stateOf, studyTitle } from './words';

/** One study, live: where it is, and in the end its answer with all that stands behind it. */
export function StudyPage() {
  const { studyId = '' } = useParams();
  // A new key, so that nothing of one study is left on the page of another.
  return <LiveStudy key={studyId} id={studyId} />;
}

function LiveStudy({ id }: { id: string }) {
  const study = useLiveStudy(id);
  if (study.data === undefined)
    return <PagePending title="Study" error={study.error} onRetry={() => void study.refetch()} />;
  const shown = study.data;
  const { result, attribute_result: table } = shown;
  return (
    <Page>
      <Head study={shown} />
      <Stack gap="md">
        {shown.error !== null && (
          <Alert
            role="alert"
            variant="outline"
            color="red"
            icon={<IconAlertTriangle aria-hidden />}
            title={shown.state === 'interrupted' ? 'The study waits, and goes on by itself' : 'The study failed'}
            p="sm"
          >
            {shown.error.message}
          </Alert>
        )}
        {result === null && shown.state !== 'finished' && <StudyProgress study={shown} />}
        {table !== null && (
          <>
            {table.sentence !== '' && <AttributeAnswer result={table} />}
            <AttributeTable id={shown.id} result={table} />
          </>
        )}
        {result !== null && (
          <>
            <AnswerPanel result={result} />
            <GainPlot result={result} />
            <ArmTable result={result} />
            <SamplingTable result={result} />
            <ClassTable result={result} />
            <LearningCurve result={result} />
          </>
        )}
        <AskedPanel study={shown} />
      </Stack>
    </Page>
  );
}

function Head({ study }: { study: Schemas['Study'] }) {
  const navigate = useNavigate();
  const { label, tone } = stateOf(study);
  const title = studyTitle(study);
  return (
    <PageHead
      title={title}
      crumbs={[
        { label: 'Studies', to: '/studies' },
        {
          label: `${study.dataset_name}, version ${study.version_number}`,
          to: `/datasets/${study.dataset}/${study.version_number}`,
        },
      ]}
      badge={<StateLabel tone={tone}>{label}</StateLabel>}
      summary={isMoving(study.state) ? <LinkLabel /> : undefined}
      actions={
        <>
          {(study.result !== null || study.attribute_result !== null) && <Download study={study} />}
          <Actions study={study} />
          <LifeMenu
            thing={{ noun: 'study', id: study.id, name: title, archived_at: study.archived_at }}
            onDeleted={() => void navigate('/studies')}
          />
        </>
      }
    />
  );
}

/** The whole study as the API tells it, as a file. */
function Download({ study }: { study: Schemas['Study'] }) {
  const text = JSON.stringify(study, null, 2);
  return (
    <Button
      component="a"
      variant="default"
      leftSection={<IconDownload size={16} />}
      href={`data:application/json;charset=utf-8,${encodeURIComponent(text)}`}
      download={`study-${study.id}.json`}
    >
      Download JSON
    </Button>
  );
}

function Actions({ study }: { study: Schemas['Study'] }) {
  const { may } = useLab();
  const act = useAct(study);
  if (!may('researcher')) return null;
  return (
    <>
      {study.actions.includes('stop') && (
        <Button variant="default" loading={act.isPending} onClick={() => act.mutate('stop')}>
          Stop
        </Button>
      )}
      {study.actions.includes('resume') && (
        <Button loading={act.isPending} onClick={() => act.mutate('resume')}>
          Resume
        </Button>
      )}
      {study.actions.includes('cancel') && (
        <AskButton
          verb="Cancel"
          question="Cancel this study for good?"
          loading={act.isPending}
          onConfirm={() => act.mutate('cancel')}
        >
          What it trained is removed. This cannot be undone. To continue later, stop it instead.
        </AskButton>
      )}
      <Button component={Link} to={`/studies/new?version=${study.version}&like=${study.id}`} variant="default">
        Ask again, changed
      </Button>
    </>
  );
}
