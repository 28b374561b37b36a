import { Anchor, Button, CopyButton, Group, List, Stack, Text } from '@mantine/core';
import { useId, useRef } from 'react';
import { Panel } from '@/components/Page';
import classes from './JsonEditor.module.css';
import type { LineFault } from './recipeText';

type Props = {
  text: string;
  onChange: (text: string) => void;
  faults: LineFault[];
  /** Whether the text is a recipe, so that the form can show it. */
  isRecipe: boolean;
  /** Gives up what was typed since it was last a recipe. */
  onDiscard: () => void;
};

/** The whole recipe as the JSON that is sent, with numbered lines; what is wrong is said with its line. */
export function JsonEditor({ text, onChange, faults, isRecipe, onDiscard }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const described = useId();
  const lines = text.split('\n');
  const faulty = new Set(faults.map(({ line }) => line));
  const goTo = (line: number) => {
    const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (lines[line - 1] ?? '').length);
  };
  return (
    <Panel title="Recipe as JSON" actions={<Copy text={text} />}>
      <Stack gap="sm">
        <div className={classes.editor} data-faulty={faults.length > 0}>
          <ol className={classes.numbers} aria-hidden>
            {lines.map((_, index) => (
              <li key={index} data-faulty={faulty.has(index + 1)}>
                {index + 1}
              </li>
            ))}
          </ol>
          <textarea
            ref={area}
            className={classes.text}
            aria-label="The recipe as JSON"
            aria-invalid={faults.length > 0}
            aria-describedby={described}
            value={text}
            rows={lines.length}
            wrap="off"
            spellCheck={false}
            autoCapitalize="off"
            autoCorrect="off"
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        </div>
        <div id={described} role="status">
          {faults.length === 0 ? (
            <Text size="sm" c="dimmed">
              Settings that are left out have their defaults; the form shows what is written here.
            </Text>
          ) : (
            <List size="sm" c="var(--mantine-color-error)" listStyleType="none">
              {faults.map(({ line, message }) => (
                <List.Item key={`${line} ${message}`}>
                  <Anchor
                    component="button"
                    type="button"
                    inherit
                    underline="always"
                    c="inherit"
                    onClick={() => goTo(line)}
                  >
                    Line {line}
                  </Anchor>
                  : {message}
                </List.Item>
              ))}
            </List>
          )}
        </div>
        {!isRecipe && (
          <Group gap="xs">
            <Text size="sm">The form can show this again once it is a recipe.</Text>
            <Button size="compact-sm" variant="default" onClick={onDiscard}>
              Back to the last readable one
            </Button>
          </Group>
        )}
      </Stack>
    </Panel>
  );
}

function Copy({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant="default" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
      )}
    </CopyButton>
  );
}
