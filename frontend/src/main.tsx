import '@mantine/core/styles.css';
import '@mantine/dropzone/styles.css';
import '@mantine/notifications/styles.css';
import '@/app/global.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { wakeLinkWithThePage } from '@/api/live';
import { App } from '@/app/App';
import { noticeMissingParts } from '@/app/stale';
import { styleNonce } from '@/app/theme';

// The part of Mantine's dialogs that holds the page still asks here for the nonce of its style element.
setNonce(styleNonce());
noticeMissingParts();
wakeLinkWithThePage();
const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
