import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const FEATURES = ['accounts', 'datasets', 'recipes', 'runs', 'gallery', 'studies', 'exports', 'upkeep', 'webhooks'];

/** What a folder may not import, as one rule; app -> features -> components -> api. */
function layer(files, forbidden, message) {
  return {
    files,
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: forbidden, message }] }] },
  };
}

export default defineConfig(
  { ignores: ['dist', 'node_modules', 'src/api/schema.ts', 'public'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
  },
  reactHooks.configs.flat.recommended,
  {
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'The service forbids inline markup.',
        },
      ],
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  layer(['src/api/**'], ['@/app/*', '@/features/*', '@/components/*'], 'api stands below everything else.'),
  layer(['src/components/**'], ['@/app/*', '@/features/*'], 'components stand below app and features.'),
  ...FEATURES.map((name) =>
    layer(
      [`src/features/${name}/**`],
      ['@/app/*', ...FEATURES.filter((other) => other !== name).map((other) => `@/features/${other}/*`), '../*/**'],
      'A feature imports no other feature and nothing of app; pages that need two are put together in app.',
    ),
  ),
);
