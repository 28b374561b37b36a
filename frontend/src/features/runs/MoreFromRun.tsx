import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Schemas } from '@/api/client';

const WAYS = [
  { way: 'generate', label: 'Generate more samples' },
  { way: 'continue', label: 'Continue training' },
  { way: 'reuse', label: 'Train on another version' },
] as const;

/** What a run that has ended can be the beginning of; a menu, because each is a form of its own. */
export function MoreFromRun({ run }: { run: Schemas['Run'] }) {
  if (run.state !== 'finished' && run.state !== 'stopped') return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
          More from this run
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {WAYS.map(({ way, label }) => (
          <Menu.Item
            key={way}
            component={Link}
            to={`/runs/new?version=${run.version}&like=${run.id}&start=${way}&from=${run.id}`}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
