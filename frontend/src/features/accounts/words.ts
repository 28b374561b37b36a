import type { Role } from '@/api/session';

export const MIN_PASSWORD = 12;
export const PASSWORD_HINT = `At least ${MIN_PASSWORD} characters; a few words in a row are good.`;

/** What each role may do, each including the ones before it. */
export const ROLE_WORDS: Record<Role, string> = {
  viewer: 'Sees datasets, runs and samples, and downloads exports',
  reviewer: 'Gives verdicts, too',
  researcher: 'Uploads, starts runs and builds exports, too',
  admin: 'Invites and manages people, and deletes anything, too',
  owner: 'Like an admin, and manages admins and owners',
};

export const ROLE_CHOICES = (Object.keys(ROLE_WORDS) as Role[]).map((role) => ({ value: role, label: role }));

/** A fault where a new password is too short; the service says what else is wrong with it. */
export function passwordFault(value: string): string | null {
  return value.length < MIN_PASSWORD ? `Use at least ${MIN_PASSWORD} characters.` : null;
}
