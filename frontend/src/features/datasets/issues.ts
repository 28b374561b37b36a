import type { Schemas } from '@/api/client';
import { plural, words } from '@/components/format';

type Version = Schemas['DatasetVersion'];
export type Issue = Schemas['DatasetImage']['issues'][number];

/** Issue -> what it means. */
export const ISSUES: Record<Issue, string> = {
  dark: 'nearly all pixels are darker than a third of white',
  light: 'nearly all pixels are white',
  blurry: 'no fine detail, also when small',
  low_information: 'nearly one tone',
  odd_aspect_ratio: 'far wider or higher than the others',
  odd_size: 'far larger or smaller than the others',
  grayscale: 'without colour, unlike the others',
  near_duplicates: 'nearly the same picture as another one',
};

export function isIssue(text: string | null): text is Issue {
  return text !== null && Object.hasOwn(ISSUES, text);
}

/** The issues that a version has, the most frequent first. */
export function issuesOf({ health, near_duplicates: near }: Version): { issue: Issue; images: number }[] {
  const counts: Record<string, number> = { ...health?.issues, near_duplicates: near?.images ?? 0 };
  return Object.entries(counts)
    .flatMap(([issue, images]) => (isIssue(issue) && images > 0 ? [{ issue, images }] : []))
    .sort((one, other) => other.images - one.images);
}

/** What was looked for and is not there, or is how the dataset is; and whether anything held out is also learnt from. */
export function remarksOf(version: Version): string[] {
  const { health } = version;
  if (health === null || health.measured === 0)
    return ['The images of this version were not measured; versions that are uploaded now are.'];
  const unmeasured = version.num_images - health.measured;
  return [
    health.leaks === 0
      ? 'No leaks: no image has a copy or near duplicate in another split.'
      : `${plural(health.leaks, 'image has', 'images have')} a copy or near duplicate in another split.`,
    health.usual.length === 0
      ? ''
      : `How most of these images are, and so no issue: ${health.usual.map((name) => words(name)).join(', ')}.`,
    unmeasured === 0 ? '' : `${plural(unmeasured, 'image was', 'images were')} not measured.`,
  ].filter((remark) => remark !== '');
}
