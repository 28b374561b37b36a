import { Anchor, Badge, Group, Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { bytes, count, sentence, words } from '@/components/format';
import { saidOf } from './attributes';
import { ISSUES } from './issues';
import classes from './ImageGrid.module.css';

type Props = {
  image: Schemas['DatasetImage'];
  /** Names, of the version. */
  attributes: readonly string[];
};

/** One image, or a pair, as large as its thumbnail allows, with what is known of it. */
export function ImageDetail({ image, attributes }: Props) {
  const { pair } = image;

  return (
    <>
      <div className={classes.halves}>
        {pair !== null && <img className={classes.large} src={pair.thumbnail} alt="Half A" />}
        <img className={classes.large} src={image.thumbnail} alt={image.label} />
      </div>
      {pair !== null && (
        <Group justify="space-between" mt="sm">
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            A: {pair.name}
          </Text>
          <Anchor size="sm" href={pair.original} download>
            Download the half A
          </Anchor>
        </Group>
      )}
      <Text size="sm" mt={pair === null ? 'sm' : 0} style={{ overflowWrap: 'anywhere' }}>
        {pair !== null && 'B: '}
        {image.name}
      </Text>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" className="numbers">
          {count(image.width)} × {count(image.height)} pixels, {bytes(image.size_bytes)},{' '}
          {image.is_grey ? 'grey' : 'colour'}
        </Text>
        <Anchor size="sm" href={image.original} download>
          Download the original
        </Anchor>
      </Group>
      {attributes.length > 0 && <Attributes names={attributes} signs={image.attributes} />}
      {image.brightness !== null && image.sharpness !== null && image.entropy !== null && (
        <Text size="sm" c="dimmed" className="numbers">
          Brightness {count(image.brightness)} of 255, sharpness {image.sharpness.toFixed(2)}, entropy{' '}
          {image.entropy.toFixed(1)} bits
        </Text>
      )}
      {image.issues.map((issue) => (
        <Text key={issue} size="sm">
          {sentence(words(issue))}: {ISSUES[issue]}
          {issue === 'near_duplicates' && '; they lie in the same split'}.
        </Text>
      ))}
    </>
  );
}

function Attributes({ names, signs }: { names: readonly string[]; signs: string }) {
  const said = saidOf(names, signs);
  return (
    <>
      <Group component="ul" className={classes.chips} gap={6} my="xs" aria-label="Attributes">
        {said['1'].map((name) => (
          <Badge key={name} component="li" variant="light" tt="none" fw={500}>
            {name}
          </Badge>
        ))}
        {said['?'].map((name) => (
          <Badge key={name} component="li" variant="outline" color="gray" tt="none" fw={400}>
            {name}: not said
          </Badge>
        ))}
        {said['1'].length === 0 && (
          <Text component="li" size="sm">
            It has none of the attributes.
          </Text>
        )}
      </Group>
      {said['0'].length > 0 && (
        <Text size="xs" c="dimmed" mb={4}>
          Lacks {said['0'].join(', ')}
        </Text>
      )}
    </>
  );
}
