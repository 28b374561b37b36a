import { memo } from 'react';
import { measured } from '@/components/format';
import { isByRating } from './filters';
import { SheetImage } from './SheetImage';
import { sheetPart } from './sheets';
import type { Sample } from './samples';
import classes from './Gallery.module.css';

type Props = {
  sample: Sample;
  pool: string;
  /** The rows of the pool on the sheet that its picture is on. */
  sheet: string;
  side: number;
  /** What stands on the left of each picture: a view of a translation, or nothing. */
  view: string | undefined;
  /** The score that is sorted by stands under the picture. */
  sort: string;
  isAt: boolean;
  isMarked: boolean;
  place: number;
  total: number;
};

/** One sample in the grid: picture, verdict, class and score, of as few elements as can be: hundreds are in the page. */
export const Tile = memo(function Tile(props: Props) {
  const { sample, pool, sheet, side, view, sort, isAt, isMarked, place, total } = props;
  return (
    <div
      id={`sample-${sample.id}`}
      role="option"
      aria-selected={isMarked}
      aria-setsize={total}
      aria-posinset={place + 1}
      aria-label={wordsOf(sample)}
      className={classes.tile}
      data-at={isAt}
      data-marked={isMarked}
      data-verdict={sample.verdict ?? undefined}
      data-standing={sample.standing}
      data-place={place}
      data-badge={badgeOf(sample, sort)}
    >
      {view === undefined ? (
        <SheetImage pool={pool} part={sheetPart(sheet, place)} side={side} />
      ) : (
        <div className={classes.image} data-two>
          <SheetImage pool={pool} part={sheetPart(sheet, place)} side={side} view={view} />
          <SheetImage pool={pool} part={sheetPart(sheet, place)} side={side} />
        </div>
      )}
      <Sign sample={sample} />
      {sample.memorised && (
        <span
          className={classes.memorised}
          title="Memorised: nearer to a training image than training images are to each other"
        >
          M
        </span>
      )}
      {sample.disputed && (
        <span className={classes.disputed} title="Disputed: somebody accepts it and somebody else rejects it">
          ?
        </span>
      )}
      {sample.rating !== null && (
        <span className={classes.rating} title={`You rated it ${sample.rating} of 5`}>
          {sample.rating}
        </span>
      )}
      {sample.starred && (
        <span className={classes.star} title="Starred by you">
          ★
        </span>
      )}
      <span className={classes.caption}>{sample.label}</span>
    </div>
  );
});

function Sign({ sample }: { sample: Sample }) {
  const value =
    sample.verdict ?? (sample.standing === 'accepted' ? 'accept' : sample.standing === 'rejected' ? 'reject' : null);
  if (value === null) return null;
  return (
    <span className={classes.sign} data-value={value}>
      {value === 'accept' ? '✓' : '✕'}
    </span>
  );
}

/** The score in question: the one sorted by, else the first; the mean of the ratings where these order the list. */
function badgeOf(sample: Sample, sort: string): string {
  if (isByRating(sort))
    return sample.mean_rating === null ? '' : `rated ${measured(Number(sample.mean_rating.toPrecision(2)))}`;
  const name = sort.replace(/^-?score:/, '');
  const value = sample.scores[name] ?? (sort === 'index' ? Object.values(sample.scores)[0] : undefined);
  return value === undefined ? '' : measured(Number(value.toPrecision(2)));
}

function wordsOf(sample: Sample): string {
  const verdict = sample.verdict === null ? 'no verdict of yours' : `you ${sample.verdict}ed it`;
  const rating = sample.rating === null ? '' : `, you rated it ${sample.rating}`;
  const signs = `${sample.starred ? ', starred' : ''}${sample.memorised ? ', memorised' : ''}${sample.disputed ? ', disputed' : ''}`;
  return `${sample.label}, sample ${sample.index}, ${verdict}${rating}${signs}`;
}
