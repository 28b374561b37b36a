/** The path that the service's addresses begin with, where it shares a host with others: '' or '/atelier'. */
export const BASE_PATH = told();

function told(): string {
  if (typeof document === 'undefined') return '';
  const path = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';
  return path.startsWith('/') ? path : ''; // without the service, in development, the mark still stands there
}
