import { createTheme } from '@mantine/core';
import type { MantineThemeOverride } from '@mantine/core';

const SANS =
  'Inter, "Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

export const theme: MantineThemeOverride = createTheme({
  primaryColor: 'steel',
  primaryShade: { light: 7, dark: 6 },
  colors: {
    // The library's greys with the blue of takt's own surfaces.
    dark: ['#e3e9ee', '#c3ccd6', '#9fadb9', '#7b8a97', '#435261', '#2b3742', '#1e2831', '#182028', '#10161c', '#0b1014'],
    brick: ['#fdeceb', '#fbd3d0', '#f5a7a1', '#ff9a91', '#f08a80', '#e05a50', '#c4362c', '#b3261e', '#921d17', '#741511'],
    steel: ['#eaf3fc', '#d3e5f7', '#a6caee', '#77ade5', '#5195dc', '#3b86d6', '#2970b9', '#1d5fa8', '#174f8d', '#103d70'],
  },
  fontFamily: SANS,
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace',
  defaultRadius: 'md',
  headings: { fontFamily: SANS, fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
});
