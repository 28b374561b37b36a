import { Text, UnstyledButton } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { count, plural, sentence, words } from '@/components/format';
import { ISSUES, issuesOf, remarksOf, type Issue } from './issues';
import classes from './IssueList.module.css';

type Props = {
  version: Schemas['DatasetVersion'];
  chosen: Issue | null;
  onChoose: (issue: Issue | null) => void;
};

/** What is wrong with images of a version; a press shows which they are. */
export function IssueList({ version, chosen, onChoose }: Props) {
  const issues = issuesOf(version);
  return (
    <>
      {issues.length > 0 && (
        <ul className={classes.list} aria-label="Issues; press one to see its images">
          {issues.map(({ issue, images }) => (
            <li key={issue}>
              <UnstyledButton
                className={classes.issue}
                aria-pressed={chosen === issue}
                aria-label={`${sentence(words(issue))}: ${plural(images, 'image')}, ${ISSUES[issue]}`}
                onClick={() => onChoose(chosen === issue ? null : issue)}
              >
                <span className={classes.count}>{count(images)}</span>
                <span className={classes.name}>{sentence(words(issue))}</span>
                <Text span size="xs" c="dimmed">
                  {ISSUES[issue]}
                </Text>
              </UnstyledButton>
            </li>
          ))}
        </ul>
      )}
      {issues.length === 0 && version.health !== null && version.health.measured > 0 && (
        <Text size="sm" mb={8}>
          No image is dark, light, blurry, of odd size or shape, or otherwise unlike the rest.
        </Text>
      )}
      {remarksOf(version).map((remark) => (
        <Text key={remark} size="sm">
          {remark}
        </Text>
      ))}
    </>
  );
}
