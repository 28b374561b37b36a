// @vitest-environment jsdom
import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it } from 'vitest';
import type { Values } from './fields';
import { SettingsForm } from './SettingsForm';

const SCHEMA = {
  properties: {
    domain_a: { type: 'string', default: '', description: 'Which.', 'x-choice': 'classes', 'x-simple': true },
  },
};

function Page({ first, classNames }: { first: Values; classNames?: string[] }) {
  const [values, setValues] = useState(first);
  return (
    <MantineProvider env="test">
      <SettingsForm schema={SCHEMA} values={values} onChange={setValues} {...(classNames ? { classNames } : {})} />
      <output>{JSON.stringify(values)}</output>
    </MantineProvider>
  );
}

describe('a setting that names a class', () => {
  it('offers the classes of the dataset and can be left to the model again', async () => {
    render(<Page first={{}} classNames={['bar', 'disc']} />);
    const user = userEvent.setup();
    await user.click(screen.getByRole('combobox', { name: 'Domain a' }));
    expect(screen.getAllByRole('option').map((option) => option.textContent)).toEqual(['bar', 'disc']);
    await user.click(screen.getByRole('option', { name: 'disc' }));
    expect(screen.getByRole('status').textContent).toBe('{"domain_a":"disc"}');
    await user.click(screen.getByRole('button', { name: 'Reset Domain a to its default' }));
    expect(screen.getByRole('status').textContent).toBe('{}');
  });

  it('shows a class that is not there any more, and is a text where no dataset is chosen', () => {
    const { unmount } = render(<Page first={{ domain_a: 'gone' }} classNames={['bar']} />);
    expect(screen.getByRole<HTMLInputElement>('combobox', { name: 'Domain a' }).value).toBe('gone');
    unmount();
    render(<Page first={{ domain_a: 'bar' }} />);
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Domain a' }).value).toBe('bar');
  });
});
