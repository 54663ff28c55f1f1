/** A model file as the graph that it holds. */
import type { JSX } from "preact";
import { bytesHref } from "../../../data/run_files.ts";
import { GraphBody } from "../../../panels/graph/graph_panel.tsx";
import type { PreviewProps } from "./file_view.tsx";

export function GraphFile({ ws, file }: PreviewProps): JSX.Element {
  return (
    <div class="file-graph">
      <GraphBody
        ws={ws}
        id={`file ${file.name}`}
        value={{ url: bytesHref(file), format: "onnx" }}
        isFull
      />
    </div>
  );
}
