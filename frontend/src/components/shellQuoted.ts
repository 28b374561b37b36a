/** A word as a shell takes it for itself. */
export function shellQuoted(text: string): string {
  return /^[\w./+:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
