import { BASE_PATH } from '@/api/basePath';
import { ActionIcon, Group, Menu, Text, Tooltip, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import {
  IconBook2,
  IconDeviceDesktop,
  IconKey,
  IconLogout,
  IconMoon,
  IconSun,
  IconUser,
  IconUsers,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, NavLink, Outlet, ScrollRestoration, useLocation } from 'react-router';
import { sessionOptions } from '@/api/session';
import { EndNotices } from '@/features/runs/EndNotices';
import { LabMenu } from './LabMenu';
import { logOut } from './logOut';
import { PaletteButton } from './palette/PaletteButton';
import classes from './Shell.module.css';

/** The frame around every page of a person who is logged in. */
export function Shell() {
  return (
    <>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <header className={classes.bar}>
        <Link to="/" className={classes.brand} aria-label="Atelier, home">
          <Mark /> <span className={classes.name}>Atelier</span>
        </Link>
        <LabMenu />
        <nav className={classes.nav} aria-label="Main">
          <NavLink to="/" end>
            Home
          </NavLink>
          <NavLink to="/upload">Upload</NavLink>
          <NavLink to="/recipes">Recipes</NavLink>
          <NavLink to="/studies">Studies</NavLink>
          <NavLink to="/queue">Queue</NavLink>
          <NavLink to="/storage">Storage</NavLink>
          <NavLink to="/people">People</NavLink>
        </nav>
        <Group gap={4} ml="auto" wrap="nowrap">
          <PaletteButton />
          <SchemeSwitch />
          <PersonMenu />
        </Group>
      </header>
      <Content />
      <EndNotices />
    </>
  );
}

/** The page; a new one begins at its top (back at the place it was left at), and the keyboard goes on from there. */
function Content() {
  const { pathname } = useLocation();
  const content = useRef<HTMLElement>(null);
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    content.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <main id="content" tabIndex={-1} className={classes.main} ref={content}>
      <ScrollRestoration />
      <Outlet />
    </main>
  );
}

function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden className={classes.mark}>
      <rect x="1" y="1" width="9" height="9" rx="1.5" />
      <rect x="12" y="1" width="9" height="9" rx="1.5" opacity=".75" />
      <rect x="1" y="12" width="9" height="9" rx="1.5" opacity=".5" />
      <rect x="12" y="12" width="9" height="9" rx="1.5" opacity=".3" />
    </svg>
  );
}

const SCHEMES = {
  auto: { next: 'light', label: 'Colours follow the system', Icon: IconDeviceDesktop },
  light: { next: 'dark', label: 'Light colours', Icon: IconSun },
  dark: { next: 'auto', label: 'Dark colours', Icon: IconMoon },
} as const;

function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { next, label, Icon } = SCHEMES[colorScheme];
  return (
    <Tooltip label={`${label}; press for ${next === 'auto' ? "the system's" : next}`}>
      <ActionIcon size="lg" aria-label={`${label}. Change colours`} onClick={() => setColorScheme(next)}>
        <Icon size={18} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}

function PersonMenu() {
  const { data: session } = useQuery(sessionOptions);
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton className={classes.person} aria-label={`${session?.person?.name ?? 'You'}: account menu`}>
          <IconUser size={18} stroke={1.6} aria-hidden />
          <span className={classes.personName}>{session?.person?.name}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="xs" truncate>
            {session?.person?.email}
          </Text>
        </Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUser size={16} />}>
          Account
        </Menu.Item>
        {session?.person?.is_staff === true && (
          <Menu.Item component={Link} to="/server" leftSection={<IconUsers size={16} />}>
            Everybody on this server
          </Menu.Item>
        )}
        <Menu.Item component={Link} to="/tokens" leftSection={<IconKey size={16} />}>
          API tokens
        </Menu.Item>
        <Menu.Item component="a" href={`${BASE_PATH}/api/schema/view/`} leftSection={<IconBook2 size={16} />}>
          API reference
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void logOut()}>
          Log out
        </Menu.Item>
        {session !== undefined && <Menu.Label>Atelier {session.version}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
