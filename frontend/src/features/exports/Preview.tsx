import { BASE_PATH } from '@/api/basePath';
import { Code, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';
import { CopyLine } from '@/components/CopyLine';
import { bytes, count, measured, plural } from '@/components/format';
import { commandFor, type Way } from './commands';
import { useEstimate } from './estimate';
import { linesOf, together, type Line } from './layout';

type Wish = Schemas['NewExportRequest'];

/** So many classes of a split are named. */
const CLASSES = 6;

/** What the export would hold and take, and its files, asked anew when a choice changes; and how to ask without the browser. */
export function Preview({ wish }: { wish: Wish }) {
  const { data, error } = useEstimate(wish);
  return (
    <Stack gap="xs">
      {error !== null ? (
        <Text size="sm" c="dimmed">
          {sentenceOf(error)}
        </Text>
      ) : (
        data !== undefined && <Estimate estimate={data} format={wish.format} />
      )}
      <Commands wish={wish} />
    </Stack>
  );
}

function Estimate({ estimate, format }: { estimate: Schemas['ExportEstimate']; format: string }) {
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const chosen = catalogue?.export_formats.find((one) => one.name === format);
  const left = sum(estimate.left_out);
  const synthetic = sum(estimate.synthetic);
  return (
    <>
      {chosen !== undefined && (
        <Code block tabIndex={0} aria-label="The files in it" mah={260} style={{ overflow: 'auto' }}>
          {linesOf(chosen.layout, together(estimate.real, estimate.synthetic, chosen.splits), CLASSES)
            .map(textOf)
            .join('\n')}
        </Code>
      )}
      <Text size="sm" c="dimmed" className="numbers" role="status">
        {count(estimate.num_real)} real and {count(synthetic)} synthetic images, at most {bytes(estimate.size_bytes)}
        {left > 0 && `; the cap leaves out ${count(left)}`}.
        {synthetic > 0 &&
          ` May be copies of training images: ${count(estimate.num_memorised)} (${measured((100 * estimate.num_memorised) / synthetic)} %).`}
      </Text>
    </>
  );
}

function textOf({ depth, name, images }: Line): string {
  return `${'  '.repeat(depth)}${name}${images === null ? '' : `  ${plural(images, 'image')}`}`;
}

function Commands({ wish }: { wish: Wish }) {
  const [way, setWay] = useState<Way>('curl');
  return (
    <details>
      <Text component="summary" size="sm">
        The same without the browser
      </Text>
      <Stack gap="xs" mt="xs">
        <SegmentedControl
          size="xs"
          aria-label="How to ask for it"
          value={way}
          onChange={setWay}
          data={['curl', 'Python', 'Command line'] satisfies Way[]}
        />
        <CopyLine text={commandFor(way, wish, window.location.origin + BASE_PATH)} label="the command" />
      </Stack>
    </details>
  );
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, number) => total + number, 0);
}
