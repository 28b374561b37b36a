import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBell, IconBellOff } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api, http, queries, take, type Schemas } from '@/api/client';
import { sentenceOf } from '@/api/errors';
import { askPermission, useWatchedRuns } from './notice';
import { isMoving } from './words';

/** To be told when the run ends: by this browser, and by mail where the service can send one. */
export function NoticeButton({ run }: { run: Schemas['Run'] }) {
  const watched = useWatchedRuns();
  const init = { params: { path: { id: run.id } } };
  const { data: notice } = api.useQuery('get', '/api/v1/runs/{id}/notice/', init, { enabled: isMoving(run.state) });
  const isOn = watched.ids.includes(run.id) || notice?.is_wished === true;
  const turn = useMutation({
    mutationFn: async () => {
      if (isOn) watched.remove(run.id);
      else watched.add(run.id);
      const inBrowser = isOn || (await askPermission());
      const told = notice?.can_mail
        ? await take(
            isOn ? http.DELETE('/api/v1/runs/{id}/notice/', init) : http.PUT('/api/v1/runs/{id}/notice/', init),
          )
        : undefined;
      return { inBrowser, told };
    },
    onSuccess: ({ inBrowser, told }) => {
      if (told !== undefined) queries.setQueryData(['get', '/api/v1/runs/{id}/notice/', init], told);
      if (!isOn) notifications.show({ message: howTold(inBrowser, told !== undefined) });
    },
    onError: (error) => notifications.show({ color: 'red', title: 'That was refused', message: sentenceOf(error) }),
  });
  if (!isMoving(run.state)) return null;
  return (
    <Button
      variant="default"
      leftSection={isOn ? <IconBellOff size={16} aria-hidden /> : <IconBell size={16} aria-hidden />}
      aria-pressed={isOn}
      loading={turn.isPending}
      onClick={() => turn.mutate()}
    >
      {isOn ? 'Do not tell me' : 'Tell me when it ends'}
    </Button>
  );
}

function howTold(inBrowser: boolean, byMail: boolean): string {
  const ways = [
    byMail && 'by mail',
    inBrowser ? 'by a notice of this browser while a page of the service is open' : 'on any open page of the service',
  ];
  return `You are told ${ways.filter(Boolean).join(', and ')}.`;
}
