import { BASE_PATH } from '@/api/basePath';
import { createBrowserRouter, Outlet, type RouteObject } from 'react-router';
import { JoinPage } from '@/features/accounts/JoinPage';
import { LoginPage } from '@/features/accounts/LoginPage';
import { ForgottenPage, ResetPage } from '@/features/accounts/ResetPage';
import { SetupPage } from '@/features/accounts/SetupPage';
import { Gate, Loading, Welcome } from './Gate';
import { Broken, Missing } from './Broken';
import { HomePage } from './HomePage';
import { Shell } from './Shell';

/** Pages that are loaded when they are first visited. */
const pages: RouteObject[] = [
  { index: true, Component: HomePage },
  { path: 'upload', lazy: async () => ({ Component: (await import('@/features/datasets/UploadPage')).UploadPage }) },
  {
    path: 'datasets/:datasetId/:number?',
    lazy: async () => ({ Component: (await import('./DatasetRoute')).DatasetRoute }),
  },
  {
    path: 'versions/:versionId/import',
    lazy: async () => ({ Component: (await import('@/features/datasets/ImportPage')).ImportPage }),
  },
  { path: 'runs/new', lazy: async () => ({ Component: (await import('@/features/recipes/RecipePage')).RecipePage }) },
  {
    path: 'recipes',
    lazy: async () => ({ Component: (await import('@/features/recipes/RecipesPage')).RecipesPage }),
  },
  { path: 'recipes/:recipeId', lazy: async () => ({ Component: (await import('./RecipeRoute')).RecipeRoute }) },
  { path: 'models', lazy: async () => ({ Component: (await import('@/features/recipes/ModelsPage')).ModelsPage }) },
  { path: 'models/:name', lazy: async () => ({ Component: (await import('@/features/recipes/ModelPage')).ModelPage }) },
  { path: 'queue', lazy: async () => ({ Component: (await import('@/features/runs/QueuePage')).QueuePage }) },
  {
    path: 'runs/compare',
    lazy: async () => ({ Component: (await import('@/features/runs/ComparePage')).ComparePage }),
  },
  { path: 'runs/:runId', lazy: async () => ({ Component: (await import('./RunRoute')).RunRoute }) },
  {
    path: 'runs/:runId/gallery',
    lazy: async () => ({ Component: (await import('@/features/gallery/GalleryPage')).GalleryPage }),
  },
  {
    path: 'runs/:runId/blind-test',
    lazy: async () => ({ Component: (await import('@/features/gallery/BlindTestPage')).BlindTestPage }),
  },
  {
    path: 'runs/:runId/edits',
    lazy: async () => ({ Component: (await import('@/features/gallery/EditsPage')).EditsPage }),
  },
  {
    path: 'runs/:runId/exports',
    lazy: async () => ({ Component: (await import('@/features/exports/ExportPage')).ExportPage }),
  },
  {
    path: 'datasets/:datasetId/:number/exports',
    lazy: async () => ({ Component: (await import('@/features/exports/VersionExportPage')).VersionExportPage }),
  },
  { path: 'studies', lazy: async () => ({ Component: (await import('@/features/studies/StudiesPage')).StudiesPage }) },
  {
    path: 'studies/new',
    lazy: async () => ({ Component: (await import('@/features/studies/NewStudyPage')).NewStudyPage }),
  },
  {
    path: 'studies/:studyId',
    lazy: async () => ({ Component: (await import('@/features/studies/StudyPage')).StudyPage }),
  },
  {
    path: 'live-link',
    lazy: async () => ({ Component: (await import('@/features/runs/LinkCheckPage')).LinkCheckPage }),
  },
  { path: 'storage', lazy: async () => ({ Component: (await import('@/features/upkeep/StoragePage')).StoragePage }) },
  { path: 'people', lazy: async () => ({ Component: (await import('@/features/accounts/PeoplePage')).PeoplePage }) },
  { path: 'log', lazy: async () => ({ Component: (await import('@/features/accounts/LogPage')).LogPage }) },
  { path: 'webhook', lazy: async () => ({ Component: (await import('@/features/webhooks/WebhookPage')).WebhookPage }) },
  { path: 'account', lazy: async () => ({ Component: (await import('@/features/accounts/AccountPage')).AccountPage }) },
  { path: 'server', lazy: async () => ({ Component: (await import('@/features/accounts/ServerPage')).ServerPage }) },
  { path: 'workers', lazy: async () => ({ Component: (await import('@/features/upkeep/WorkersPage')).WorkersPage }) },
  { path: 'tokens', lazy: async () => ({ Component: (await import('@/features/accounts/TokensPage')).TokensPage }) },
  { path: '*', Component: Missing },
];

export const router = createBrowserRouter(
  [
    {
      element: <Outlet />,
      HydrateFallback: Loading,
      errorElement: <Broken />,
      children: [
        {
          element: <Welcome />,
          children: [
            { path: 'login', Component: LoginPage },
            { path: 'setup', Component: SetupPage },
            { path: 'forgotten', Component: ForgottenPage },
          ],
        },
        // Links that were handed over open for everybody, logged in or not.
        { path: 'join', Component: JoinPage },
        { path: 'reset', Component: ResetPage },
        {
          element: (
            <Gate>
              <Shell />
            </Gate>
          ),
          // A page that breaks leaves the frame around it standing.
          children: [{ errorElement: <Broken />, children: pages }],
        },
      ],
    },
  ],
  { basename: BASE_PATH === '' ? '/' : BASE_PATH },
);
