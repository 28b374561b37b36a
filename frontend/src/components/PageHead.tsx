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
        <Breadcrumbs component="nav" aria-label="Path to this page" separatorMargin={6} fz="sm" mb={4}>
          {crumbs.map((crumb) => (
            <Anchor key={crumb.to} component={Link} to={crumb.to} fz="sm">
              {crumb.label}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <Group justify="space-between" align="center" gap="sm">
        <Group gap="sm" className={classes.titleGroup}>
          <Title order={1}>{title}</Title>
          {badge}
        </Group>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {summary !== undefined && (
        <Text component="div" c="dimmed" size="sm" mt={4}>
          {summary}
        </Text>
      )}
    </header>
  );
}
