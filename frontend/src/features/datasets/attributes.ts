/** What is said of an image's attributes: for each of the version's one sign. */

export const SIGNS = ['1', '0', '?'] as const;
export type Sign = (typeof SIGNS)[number];

export const MEANINGS: Record<Sign, string> = { '1': 'has', '0': 'lacks', '?': 'not said' };

type Said = Record<Sign, string[]>;

/** ["Male", "Hat"] and "1?" -> Male under 1, Hat under ?. */
export function saidOf(names: readonly string[], signs: string): Said {
  const said: Said = { '1': [], '0': [], '?': [] };
  names.forEach((name, place) => {
    const sign = SIGNS.find((one) => one === signs[place]);
    if (sign !== undefined) said[sign].push(name);
  });
  return said;
}

/** The filter of an attribute as the service takes it. */
export function filterOf(name: string, sign: Sign): string {
  return `${name}:${sign}`;
}

/** "Hat: Red:1" -> the attribute "Hat: Red" and the sign 1; null when it is none. */
export function partsOf(filter: string | null): { name: string; sign: Sign } | null {
  const [, name, sign] = /^(.+):([10?])$/s.exec(filter ?? '') ?? [];
  return name === undefined ? null : { name, sign: sign as Sign };
}

export function attributeInWords(filter: string): string {
  const parts = partsOf(filter);
  if (parts === null) return filter;
  return parts.sign === '?' ? `${parts.name} not said` : `${MEANINGS[parts.sign]} ${parts.name}`;
}
