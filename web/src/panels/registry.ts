/** What draws each kind of panel of media (state/panel_kinds.ts); each is a chunk of its own. */
import type { Loaders } from "./frame/media_panel.tsx";

export const MEDIA_PANELS: Loaders = {
  image: async () => (await import("./image/image_panel.tsx")).ImagePanel,
  video: async () => (await import("./video/video_panel.tsx")).VideoPanel,
  audio: async () => (await import("./audio/audio_panel.tsx")).AudioPanel,
  text: async () => (await import("./text/text_panel.tsx")).TextPanel,
  graph: async () => (await import("./graph/graph_panel.tsx")).GraphPanel,
  histogram: async () => (await import("./histogram/histogram_panel.tsx")).HistogramPanel,
  pr_curve: async () => (await import("./pr_curve/pr_panel.tsx")).PrPanel,
  layout: async () => (await import("./line/layout_panel.tsx")).LayoutPanel,
  embedding: async () => (await import("./embedding/embedding_panel.tsx")).EmbeddingPanel,
  mesh: async () => (await import("./mesh/mesh_panel.tsx")).MeshPanel,
  tensor: async () => (await import("./tensor/tensor_panel.tsx")).TensorPanel,
  table: async () => (await import("./table/table_panel.tsx")).TablePanel,
  plotly: async () => (await import("./plotly/plotly_panel.tsx")).PlotlyPanel,
  object3d: async () => (await import("./mesh/object3d_panel.tsx")).Object3dPanel,
  html: async () => (await import("./html/html_panel.tsx")).HtmlPanel,
  file: async () => (await import("./file/file_panel.tsx")).FilePanel,
};
