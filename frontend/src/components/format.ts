/** Numbers, sizes and times as people read them; one place, so that the same value looks the same on every page. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const second = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** 12345 -> "12,345" */
export function count(value: number): string {
  return whole.format(value);
}

/** "1 image", "12 images" */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
}

/** A measured value with four significant digits: 0.01234, 12.35, 1.2e-7. */
export function measured(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 1536 -> "1.5 KiB" */
export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || size >= 100 ? 0 : 1;
  return `${size.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** Seconds in the two largest units: "42 s", "3 min 20 s", "2 h 5 min", "1 d 3 h". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return pair(Math.floor(s / 60), 'min', s % 60, 's');
  if (s < 86400) return pair(Math.floor(s / 3600), 'h', Math.floor((s % 3600) / 60), 'min');
  return pair(Math.floor(s / 86400), 'd', Math.floor((s % 86400) / 3600), 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** An estimate with no more digits than it is worth: seconds in tens, minutes whole from ten on, hours by ten minutes. */
export function coarse(seconds: number): number {
  const grain = seconds < 60 ? 10 : seconds < 600 ? 30 : seconds < 3600 ? 60 : 600;
  return Math.max(grain, Math.round(seconds / grain) * grain);
}

/** An ISO date as "21 Nov 2026, 14:05" in the reader's own time zone. */
export function moment(iso: string): string {
  return day.format(new Date(iso));
}

/** The same with seconds, for what began in one minute. */
export function exactMoment(iso: string): string {
  return second.format(new Date(iso));
}

/** How long ago, coarse: "just now", "5 min ago", "3 d ago". */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (now - new Date(iso).getTime()) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} d ago`;
}

/** A code or path as words: "class_confidence" -> "class confidence". */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** First letter large. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
