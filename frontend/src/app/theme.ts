import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** Cobalt; white on shade 7 has a contrast of 5.8, shade 3 on the dark ground 6.9. */
const cobalt: MantineColorsTuple = [
  '#edf4fb',
  '#d7e5f4',
  '#adc9e8',
  '#80abdc',
  '#5b92d1',
  '#4381ca',
  '#3478c6',
  '#2566af',
  '#1a5b9e',
  '#044e8b',
];

export const theme = createTheme({
  colors: { cobalt },
  primaryColor: 'cobalt',
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  respectReducedMotion: true,
  cursorType: 'pointer',
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '1.3' },
      h2: { fontSize: '1.0625rem', lineHeight: '1.4' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.4' },
    },
  },
  components: {
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    // Mantine draws the title in the outline's colour, which is too faint for text; frame and sign keep it.
    // A long line in it scrolls by itself, so the body may be narrower than the line.
    Alert: { defaultProps: { styles: { title: { color: 'var(--mantine-color-text)' }, body: { minWidth: 0 } } } },
    Button: { defaultProps: { size: 'sm' } },
    // Its placeholder for the focus is no item, and a menu may hold nothing else; the first item takes the focus.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        // Its <header> would count as a second banner of the page.
        attributes: { header: { role: 'presentation' } },
        styles: { title: { fontWeight: 600, lineHeight: 1.4, overflowWrap: 'anywhere' } },
      },
    },
    Paper: { defaultProps: { withBorder: true, p: 'md' } },
    // On a phone its parts stand in several rows.
    SegmentedControl: { defaultProps: { styles: { root: { flexWrap: 'wrap', maxWidth: '100%' } } } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm' } },
    Text: { defaultProps: { size: 'sm' } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
  },
});

/** Colours of Mantine that are too faint on our grounds for WCAG AA. */
export const legibleColours: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#545b62',
    '--mantine-color-placeholder': '#6b737b',
    '--mantine-color-error': '#b42318',
  },
  dark: {
    '--mantine-color-dimmed': '#a9adb3',
    '--mantine-color-placeholder': '#8f949a',
    '--mantine-color-error': '#ff9a8f',
    '--mantine-color-anchor': 'var(--mantine-color-cobalt-3)',
  },
});

/** The service's policy lets only style elements through that carry this page's nonce. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}
