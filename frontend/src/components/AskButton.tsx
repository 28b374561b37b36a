import { Button, Group, Modal, Text, type ButtonProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';

type Props = ButtonProps & {
  /** On the button, and again on the button that confirms. */
  verb: string;
  /** What will happen, and what will be lost. */
  children: ReactNode;
  question: string;
  onConfirm: () => void;
};

/** A button whose act asks once before it happens. */
export function AskButton({ verb, question, children, onConfirm, ...button }: Props) {
  const [opened, { open, close }] = useDisclosure();
  const confirm = () => {
    close();
    onConfirm();
  };
  return (
    <>
      <Button variant="default" {...button} onClick={open}>
        {verb}
      </Button>
      <Modal opened={opened} onClose={close} title={question}>
        <Text size="sm">{children}</Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button color="red.8" onClick={confirm} data-autofocus>
            {verb}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
