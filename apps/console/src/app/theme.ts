import { createTheme } from '@mantine/core';
import type { MantineThemeOverride } from '@mantine/core';

const SANS =
  'Inter, "Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

export const theme: MantineThemeOverride = createTheme({
  primaryColor: 'steel',
  primaryShade: { light: 7, dark: 6 },
  colors: {
    steel: ['#eaf3fc', '#d3e5f7', '#a6caee', '#77ade5', '#5195dc', '#3b86d6', '#2f7cc9', '#1d5fa8', '#174f8d', '#103d70'],
  },
  fontFamily: SANS,
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace',
  defaultRadius: 'md',
  headings: { fontFamily: SANS, fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
});
