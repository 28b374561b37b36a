import '@mantine/core/styles.css';
import '@mantine/dropzone/styles.css';
import '@mantine/notifications/styles.css';
import '@/app/global.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queries } from '@/api/client';
import { wakeLinkWithThePage } from '@/api/live';
import { sessionOptions } from '@/api/session';
import { App } from '@/app/App';
import { noticeMissingParts } from '@/app/stale';
import { styleNonce } from '@/app/theme';

// The part of Mantine's dialogs that holds the page still asks here for the nonce of its style element.
setNonce(styleNonce());
noticeMissingParts();
wakeLinkWithThePage();
// index.html asked who is here while this was on its way; with the answer the first thing drawn is the right page.
// Without one, the page asks again and says what is wrong.
void queries.query({ ...sessionOptions, retry: false }).then(draw, draw);

function draw() {
  const root = document.getElementById('root');
  if (root === null) return;
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
