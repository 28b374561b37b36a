import type { Schemas } from '@/api/client';

type Deed = Schemas['LogEntry']['deed'];

/** What was done, as it stands between who did it and to what. */
export const DEED_WORDS: Record<Deed, string> = {
  'person.invited': 'invited',
  'invitation.revoked': 'revoked the invitation of',
  'person.joined': 'joined',
  'person.removed': 'removed from the lab',
  'role.changed': 'changed the role of',
  'password_link.made': 'made a password link for',
  'person.shut_out': 'shut out of the server',
  'person.let_in': 'let in again',
  'token.made': 'made the token',
  'token.revoked': 'revoked the token',
  'lab.made': 'made the lab',
  'lab.renamed': 'renamed the lab',
  'quota.changed': 'changed the quota of',
  'memorised_share.changed': 'changed the share of near-copies in exports of',
  'webhook.set': 'set the webhook to',
  'webhook.removed': 'removed the webhook of',
  'webhook_secret.changed': 'changed the webhook secret of',
  'dataset.renamed': 'renamed the dataset',
  'dataset.archived': 'archived the dataset',
  'dataset.brought_back': 'brought back the dataset',
  'dataset.deleted': 'deleted the dataset',
  'version.deleted': 'deleted the version',
  'run.renamed': 'renamed the run',
  'run.archived': 'archived the run',
  'run.brought_back': 'brought back the run',
  'run.deleted': 'deleted the run',
  'recipe.renamed': 'renamed the recipe',
  'recipe.archived': 'archived the recipe',
  'recipe.brought_back': 'brought back the recipe',
  'recipe.deleted': 'deleted the recipe',
  'study.renamed': 'renamed the study',
  'study.archived': 'archived the study',
  'study.brought_back': 'brought back the study',
  'study.deleted': 'deleted the study',
  'export.justified': 'let near-copies go out with',
  'export.renamed': 'renamed the export',
  'export.archived': 'archived the export',
  'export.brought_back': 'brought back the export',
  'export.deleted': 'deleted the export',
  'export.downloaded': 'downloaded the export',
};

/** The kinds as choices, by the noun they are about. */
export function deedChoices(): { group: string; items: { value: string; label: string }[] }[] {
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const deed of Object.keys(DEED_WORDS) as Deed[]) {
    const noun = (deed.split('.')[0] ?? '').replaceAll('_', ' ');
    groups.set(noun, [...(groups.get(noun) ?? []), { value: deed, label: DEED_WORDS[deed] }]);
  }
  return [...groups].map(([group, items]) => ({ group, items }));
}

export function isDeed(text: string | null): text is Deed {
  return text !== null && text in DEED_WORDS;
}
