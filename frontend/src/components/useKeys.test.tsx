// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { useKeys } from './useKeys';

function Page({ accept, open, undo }: { accept: () => void; open: () => void; undo: () => void }) {
  useKeys([
    { keys: ['a', 'p'], label: 'accept', act: accept },
    { keys: ['Enter'], label: 'open', act: open },
    { keys: ['mod+z'], label: 'undo', act: undo },
  ]);
  return (
    <>
      <input aria-label="name" />
      <button>press</button>
    </>
  );
}

function draw() {
  const acts = { accept: vi.fn(), open: vi.fn(), undo: vi.fn() };
  render(<Page {...acts} />);
  return { ...acts, user: userEvent.setup() };
}

describe('useKeys', () => {
  it('acts on a key, in either case', async () => {
    const { accept, user } = draw();
    await user.keyboard('aP');
    expect(accept).toHaveBeenCalledTimes(2);
  });

  it('leaves letters alone while somebody types', async () => {
    const { accept, user } = draw();
    await user.type(screen.getByLabelText('name'), 'papa');
    expect(accept).not.toHaveBeenCalled();
  });

  it('leaves Enter to a focused button', async () => {
    const { open, user } = draw();
    screen.getByRole('button').focus();
    await user.keyboard('{Enter}');
    expect(open).not.toHaveBeenCalled();
  });

  it('tells Ctrl+Z from Z', async () => {
    const { undo, user } = draw();
    await user.keyboard('z');
    expect(undo).not.toHaveBeenCalled();
    await user.keyboard('{Control>}z{/Control}');
    expect(undo).toHaveBeenCalledOnce();
  });
});
