import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { compressed } from './compress.ts';

const SERVICE = process.env.ATELIER_URL ?? 'http://127.0.0.1:8000';

const LIBRARIES = 'libraries';

export default defineConfig({
  // The service hands out what is built under /static/ and index.html at every other address, all of it perhaps at a
  // path of a host that it shares: index.html has a mark for that, and parts name each other by where they lie.
  experimental: {
    renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `__BASE_PATH__/static/${name}` : { relative: true }),
  },
  // The service puts a fresh nonce here with every page; style elements that Mantine makes carry it.
  html: { cspNonce: '__CSP_NONCE__' },
  plugins: [react(), compressed()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    proxy: {
      '/api': SERVICE,
      '/health': SERVICE,
      '/ws': { target: SERVICE.replace(/^http/, 'ws'), ws: true },
    },
  },
  build: {
    target: 'es2022',
    // The libraries of the first page are 650 kB (React, its router and Mantine: 200 kB as sent), which every page needs.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What the first page needs: its libraries in one file, the rest in another. Other parts are shared as they come.
        codeSplitting: {
          groups: [
            { name: LIBRARIES, tags: ['$initial'], test: /node_modules/, priority: 1 },
            { name: 'first', tags: ['$initial'] },
          ],
        },
        // Chromium then compiles a file's functions while it loads, on another thread, instead of each when it is first
        // called, with the page waiting. To other browsers it is a comment.
        postBanner: ({ name }) => (name === LIBRARIES ? '//# allFunctionsCalledOnLoad' : ''),
      },
    },
  },
  test: { environment: 'node', setupFiles: ['./vitest.setup.ts'], include: ['src/**/*.test.{ts,tsx}'] },
});
