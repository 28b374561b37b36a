import { Menu, UnstyledButton } from '@mantine/core';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import { useLab } from '@/api/lab';
import classes from './LabMenu.module.css';

/** The lab one works in; a menu only for people who are in more than one. */
export function LabMenu() {
  const { lab, labs, choose } = useLab();
  if (lab === null) return null;
  if (labs.length === 1)
    return (
      <span className={classes.lab}>
        <span className={classes.name}>{lab.name}</span>
      </span>
    );
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={classes.lab} aria-label={`Lab: ${lab.name}. Change`}>
          <span className={classes.name}>{lab.name}</span>
          <IconChevronDown size={14} className={classes.sign} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {labs.map((one) => (
          <Menu.Item
            key={one.id}
            onClick={() => choose(one.id)}
            rightSection={one.id === lab.id ? <IconCheck size={14} aria-label="chosen" /> : null}
          >
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
