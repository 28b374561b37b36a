import { Code, List, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api } from '@/api/client';
import { useLab } from '@/api/lab';
import { useUploadLimits } from '@/api/limits';
import { bytes } from '@/components/format';
import { Columns, Page, Panel } from '@/components/Page';
import { PageHead } from '@/components/PageHead';
import { PagePending } from '@/components/PagePending';
import { choose, roomIn } from './choose';
import { useKinds } from './kinds';
import { MadeLine, type Made } from './MadeLine';
import { MakeForm } from './MakeForm';
import { ParcelDrop } from './ParcelDrop';
import { SendingRow } from './SendingRow';
import type { Base, Purpose, Row } from './sendings';
import { Unfinished } from './Unfinished';
import { sendings, useSendings } from './useSendings';

/** Folders and archives become datasets, or the next version of one: chosen, named, sent, then read by a worker. */
export function UploadPage() {
  const { lab, may } = useLab();
  const navigate = useNavigate();
  const { rows: all, choice } = useSendings();
  const [made, setMade] = useState<Made[]>([]);
  const asked = useBase();
  const { base } = asked;
  if (lab === null || !may('researcher'))
    return (
      <Page>
        <PageHead title="Upload a dataset" />
        <Text>Uploading needs the role researcher in this lab. Ask an owner or admin of the lab for it.</Text>
      </Page>
    );
  // Without the version that was asked for, what is sent would become a dataset of its own.
  if (asked.isAsked && base === null)
    return <PagePending title="Add images" error={asked.error} onRetry={() => void asked.refetch()} />;
  const rows = all.filter((row) => row.lab === lab.id && row.purpose.makes !== 'import');
  const purpose: Purpose = base === null ? { makes: 'dataset' } : { makes: 'version', base };
  const settle = (row: Row, one: Made) => {
    sendings.remove(row.id);
    if (rows.length === 1) void navigate(one.address);
    else setMade((before) => [...before, one]);
  };
  return (
    <Page>
      <PageHead
        title={base === null ? 'Upload a dataset' : `Add images to ${base.name}`}
        summary={
          base === null
            ? undefined
            : `They are added to version ${base.number}; together they become the next version of the dataset.`
        }
      />
      <Columns
        main={
          <>
            <Panel>
              <ParcelDrop
                prompt={
                  base === null
                    ? 'Drop files, folders or archives anywhere on this page'
                    : `Drop a folder or an archive for ${base.name} anywhere on this page`
                }
                choice={choice}
                onChoose={(chosen) => void choose(chosen, lab.id, purpose)}
              />
            </Panel>
            {made.map((one) => (
              <MadeLine key={one.address} {...one} />
            ))}
            {rows.map((row) => (
              <SendingRow key={row.id} row={row}>
                {row.purpose.makes === 'version' && row.purpose.base.id !== base?.id && (
                  <Text size="sm">For the next version of {row.purpose.base.name}.</Text>
                )}
                <MakeForm row={row} onMade={(one) => settle(row, one)} />
              </SendingRow>
            ))}
            <Unfinished lab={lab.id} rows={all} purpose={purpose} />
          </>
        }
        aside={<Accepted lab={lab.id} />}
      />
    </Page>
  );
}

/** The version that images are added to, from the address; none is asked for when a new dataset is made. */
function useBase() {
  const [search] = useSearchParams();
  const id = search.get('base');
  const version = api.useQuery(
    'get',
    '/api/v1/versions/{id}/',
    { params: { path: { id: id ?? '' } } },
    { enabled: id !== null },
  );
  const owner = version.data?.dataset ?? '';
  const dataset = api.useQuery(
    'get',
    '/api/v1/datasets/{id}/',
    { params: { path: { id: owner } } },
    { enabled: owner !== '' },
  );
  const base: Base | null =
    version.data === undefined || dataset.data === undefined
      ? null
      : { id: version.data.id, dataset: owner, number: version.data.number, name: dataset.data.name };
  const refetch = () => Promise.all([version.refetch(), dataset.refetch()]);
  return { isAsked: id !== null, base, error: version.error ?? dataset.error, refetch };
}

const LAYOUTS = `flowers.zip
├─ rose/   img1.jpg  img2.jpg
└─ tulip/  img3.png

flowers.zip
├─ train/  rose/  tulip/
├─ val/    rose/  tulip/
└─ test/   rose/  tulip/`;

function Accepted({ lab }: { lab: string }) {
  const { data: limits } = useUploadLimits();
  const kinds = useKinds();
  const { data: stored } = api.useQuery('get', '/api/v1/labs/{id}/storage/', { params: { path: { id: lab } } });
  return (
    <Panel title="What is accepted">
      <Stack gap="sm">
        <Text size="sm">
          One folder per class, with or without split folders around the classes; or a file of labels beside the images
          {limits === undefined ? '' : ` (${limits.label_files.join(', ')})`}:
        </Text>
        <Code block tabIndex={0}>
          {LAYOUTS}
        </Code>
        {kinds.length > 0 && (
          <>
            <Text size="sm">
              Other kinds are recognised by their folders and files, and the dataset says why; or you choose one by
              hand:
            </Text>
            <List size="sm" spacing={4}>
              {kinds.map(({ name, card }) => (
                <List.Item key={name}>
                  <b>{card.title}.</b> {card.summary}
                </List.Item>
              ))}
            </List>
          </>
        )}
        <List size="sm" spacing={4}>
          <List.Item>
            A zip file{limits === undefined ? '' : ` of at most ${bytes(limits.max_bytes)}`}, or a tar, tar.gz or
            folder.
          </List.Item>
          {limits !== undefined && (
            <List.Item>
              PNG, JPEG, WebP, BMP or TIFF; sides of {limits.min_side} to {limits.max_side} pixels, at most{' '}
              {bytes(limits.max_image_bytes)} each.
            </List.Item>
          )}
          {stored !== undefined && (
            <List.Item>
              The lab has room for {bytes(Math.max(0, roomIn(stored)))} more
              {stored.quota_bytes === null ? '' : ` of its ${bytes(stored.quota_bytes)}`}.
            </List.Item>
          )}
          <List.Item>Without split folders, 10 % of each class become val and 10 % test.</List.Item>
        </List>
        <Text size="sm" c="dimmed">
          Every image is opened and checked. What cannot be used is listed with the reason; the rest is taken. Of a
          folder only what can be read is sent. You may look at other pages of Atelier while it is sent.
        </Text>
      </Stack>
    </Panel>
  );
}
