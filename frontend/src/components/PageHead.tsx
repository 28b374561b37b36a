import { Anchor, Breadcrumbs, Group, Text, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';
import classes from './page.module.css';

type Crumb = { label: string; to: string };

type Props = {
  title: string;
  crumbs?: Crumb[];
  /** Beside the title: a state, a number. */
  badge?: ReactNode;
  /** Under the title, one line. */
  summary?: ReactNode;
  actions?: ReactNode;
};

/** The top of every page: where one is, what it is called, and what can be done with it. */
export function PageHead({ title, crumbs = [], badge, summary, actions }: Props) {
  useEffect(() => {
    document.title = `${title} · Atelier`;
  }, [title]);
  return (
    <header className={classes.head}>
      {crumbs.length > 0 && (
        <Breadcrumbs
          component="nav"
          aria-label="Path to this page"
          separatorMargin={6}
          mb={4}
          classNames={{ root: classes.crumbs ?? '', breadcrumb: classes.crumb ?? '' }}
        >
          {crumbs.map((crumb) => (
            <Anchor key={crumb.to} component={Link} to={crumb.to} fz="sm">
              {crumb.label}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <div className={classes.titleRow}>
        <div className={classes.titleGroup}>
          <Group gap="4px 12px">
            <Title order={1}>{title}</Title>
            {badge}
          </Group>
          {summary !== undefined && (
            <Text component="div" c="dimmed" size="sm" mt={4}>
              {summary}
            </Text>
          )}
        </div>
        {actions !== undefined && (
          <Group gap="xs" className={classes.acts}>
            {actions}
          </Group>
        )}
      </div>
    </header>
  );
}
