import { useQueries } from '@tanstack/react-query';
import { api, type Schemas } from '@/api/client';
import { columnsOfClasses, underColumns } from './realExamples';
import classes from './SampleWall.module.css';

/** As the model was shown them (`fit` of its settings). */
const FITS: Record<string, 'cover' | 'contain' | 'fill'> = { crop: 'cover', pad: 'contain', stretch: 'fill' };

type Props = { version: string; fit: unknown; columns: Schemas['PreviewColumn'][] };

/** Training images above the columns of their classes, so that nobody has to remember what real ones look like. */
export function RealRow({ version, fit, columns }: Props) {
  const wanted = [...columnsOfClasses(columns)];
  const asked = useQueries({
    queries: wanted.map(([label, limit]) =>
      api.queryOptions(
        'get',
        '/api/v1/versions/{id}/images/',
        { params: { path: { id: version }, query: { label, split: 'train', limit } } },
        { staleTime: Infinity },
      ),
    ),
  });
  const imagesOf = (label: string) => asked[wanted.findIndex(([name]) => name === label)]?.data?.results ?? [];
  const objectFit = FITS[String(fit)] ?? 'cover';
  return (
    <div className={classes.real} role="group" aria-label="Training images of the same classes">
      <span className={classes.step}>real</span>
      <div className={classes.realTiles}>
        {underColumns(columns, imagesOf).map((image, place) =>
          image === null ? (
            <span key={place} className={classes.realTile} />
          ) : (
            <img
              key={place}
              className={classes.realTile}
              style={{ objectFit }}
              src={image.thumbnail}
              alt={`Training image of ${image.label}`}
              title={image.name}
              loading="lazy"
              decoding="async"
            />
          ),
        )}
      </div>
    </div>
  );
}
