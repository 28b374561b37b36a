import { Select } from '@mantine/core';
import { api } from '@/api/client';

/** The layouts that an export can have, each with what it is good for. */
export function FormatSelect({ value, onChange }: { value: string; onChange: (format: string) => void }) {
  const { data: catalogue } = api.useQuery('get', '/api/v1/catalogue/', {}, { staleTime: Infinity });
  const formats = catalogue?.export_formats ?? [];
  const chosen = formats.find((one) => one.name === value);
  return (
    <Select
      label="Format"
      description={chosen && `${chosen.card.summary} ${chosen.card.limits}`}
      allowDeselect={false}
      data={formats.map((one) => ({ value: one.name, label: one.card.title }))}
      value={value}
      onChange={(name) => onChange(name ?? 'image_folder')}
    />
  );
}
