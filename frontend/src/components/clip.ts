type Values = ArrayLike<number | null | undefined>;

/** Below so many values nothing is called an outlier. */
const FEW = 20;
const SHARE = 0.02;
const ROOM = 0.05;

/** Where an axis begins and ends that leaves out the most extreme values of all lines, two of a hundred at each end; null where there are few. */
export function clippedRange(lines: Values[], logarithmic: boolean): [number, number] | null {
  const values = lines
    .flatMap((line) => Array.from(line))
    .filter((value) => value !== null && value !== undefined && Number.isFinite(value))
    .filter((value): value is number => !logarithmic || (value as number) > 0)
    .sort((one, other) => one - other);
  if (values.length < FEW) return null;
  const low = values[Math.floor(SHARE * (values.length - 1))] ?? 0;
  const high = values[Math.ceil((1 - SHARE) * (values.length - 1))] ?? 0;
  if (low === high) return null;
  if (logarithmic) return [low, high];
  const room = ROOM * (high - low);
  return [low - room, high + room];
}
