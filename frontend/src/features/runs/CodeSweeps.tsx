import { SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@/api/client';
import { words } from '@/components/format';
import { Panel } from '@/components/Page';
import classes from './CodeSweeps.module.css';

type Sheet = Schemas['Sweep'];

/** What the trained model's codes mean: a row per value of the chosen code, everything else standing still. */
export function CodeSweeps({ sheets }: { sheets: Sheet[] }) {
  const [chosen, setChosen] = useState('');
  const sheet = sheets.find((one) => one.name === chosen) ?? sheets[0];
  if (sheet === undefined) return null;
  return (
    <Panel
      title="Codes"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Code"
          data={sheets.map(({ name }) => ({ value: name, label: words(name) }))}
          value={sheet.name}
          onChange={setChosen}
        />
      }
    >
      <div className={classes.sheet} style={shapeOf(sheet)}>
        <div className={classes.columns} aria-hidden>
          {sheet.columns.map((column, place) => (
            <span key={place} title={`${column.class}, noise ${column.seed}`}>
              {column.class}
            </span>
          ))}
        </div>
        <div className={classes.values} aria-hidden>
          {sheet.values.map((value) => (
            <span key={value}>{value}</span>
          ))}
        </div>
        <img
          className={classes.picture}
          src={sheet.url}
          alt={`Samples by ${words(sheet.name)}, from ${sheet.values.at(0)} above to ${sheet.values.at(-1)} below`}
          loading="lazy"
          decoding="async"
        />
      </div>
      <Text size="xs" c="dimmed">
        Each row sets the code to one value; a column keeps its class, its noise and all other codes.
      </Text>
    </Panel>
  );
}

function shapeOf(sheet: Sheet) {
  return { '--columns': sheet.columns.length, '--rows': sheet.values.length } as React.CSSProperties;
}
