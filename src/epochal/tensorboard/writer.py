"""`SummaryWriter`: torch's, with every method of it, into event files and a run at once."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from epochal.tensorboard import runs
from epochal.tensorboard.events import MOST_WAITING
from epochal.tensorboard.file_writer import FileWriter
from epochal.tensorboard.protos import FILE_VERSION, Event, SessionLog
from epochal.tensorboard.runs import Journal, step_in_range


class SummaryWriter:
    """Writes what TensorBoard reads into `log_dir`, and the same values into a run of the data directory.

    log_dir: by default ``runs/<month, day and time>_<host><comment>``. comment: used for that name alone. purge_step:
    the step at which a training goes on that was ahead of it when it died; TensorBoard hides what the folder's earlier
    files hold from there on. max_queue, flush_secs: accepted, without effect (an event is in the file within a tenth
    of a second). filename_suffix: of the event files. write_to_disk (tensorboardX): False records nothing.
    logdir: another name of log_dir (tensorboardX).
    mode: ``both``, ``tfevents`` (no run), ``epochal`` (no event file) or ``nothing``; EPOCHAL_TENSORBOARD_MODE
    otherwise. project: of the run, EPOCHAL_PROJECT or ``runs``. Keywords that nobody knows are ignored.

    A folder that has event files of a run goes on in that run. Threads: any may add. A forked child writes an event
    file of its own. Faults of disk or server never reach the caller once the writer is made; wrong arguments raise
    what they raise in torch.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
        write_to_disk: bool = True,
        logdir: str | os.PathLike[str] | None = None,
        *,
        mode: str | None = None,
        project: str | None = None,
        **others: Any,
    ) -> None:
        del others
        chosen = log_dir or logdir
        self.log_dir: Any = chosen if chosen else _default_folder(comment)
        self.purge_step = purge_step
        self.max_queue = max_queue
        self.flush_secs = flush_secs
        self.filename_suffix = filename_suffix
        self._mode = runs.decide_mode(mode, write_to_disk)
        self._project = project
        self._hparams: dict[str, Any] = {}
        self._embeddings: list[Any] = []
        self.file_writer: FileWriter | None = None
        self.all_writers: dict[str, FileWriter] | None = None
        self._get_file_writer()

    @property
    def default_bins(self) -> list[float]:
        """TensorFlow's edges of histograms; may be set."""
        bins = self.__dict__.get("_default_bins")
        if bins is None:
            from epochal.tensorboard.histograms import default_bins

            return default_bins()
        return bins

    @default_bins.setter
    def default_bins(self, bins: Any) -> None:
        self.__dict__["_default_bins"] = bins

    def _get_file_writer(self) -> FileWriter:
        """Return the writer of the folder itself; after `close`, a new one."""
        if self.all_writers is None or self.file_writer is None:
            self.file_writer = self._make_file_writer(os.fspath(self.log_dir))
            self.all_writers = {self.file_writer.get_logdir(): self.file_writer}
            if self.purge_step is not None:
                step = step_in_range(self.purge_step)
                self.file_writer.add_event(Event(step=step, file_version=FILE_VERSION))
                start = SessionLog(status=SessionLog.START)
                self.file_writer.add_event(Event(step=step, session_log=start))
                self.purge_step = None
        return self.file_writer

    def _make_file_writer(
        self, folder: str, journal: Journal | None = None, group: str | None = None
    ) -> FileWriter:
        return FileWriter(
            folder,
            self.max_queue,
            self.flush_secs,
            self.filename_suffix,
            mode=self._mode,
            project=self._project,
            journal=journal,
            group=group,
        )

    def get_logdir(self) -> str:
        """Return the folder of the event files."""
        return self.log_dir

    @property
    def logdir(self) -> str:
        """The folder of the event files (tensorboardX's name)."""
        return self.log_dir

    @property
    def run(self) -> Any:
        """The run that the values go to, None where there is none."""
        return self._get_file_writer().journal.run

    # ---- numbers

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: Any = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
        display_name: str = "",
        summary_description: str = "",
    ) -> None:
        """Add a number: float32 in the event file (float64 with both flags), float64 in the run.

        scalar_value: a number, or an array or tensor of one. global_step: an integer; without one, TensorBoard shows
        step 0, and the run counts the values of the tag. walltime: seconds since the epoch, by default now.
        display_name, summary_description (tensorboardX): what TensorBoard writes above the chart.
        """
        writer = self.file_writer
        if writer is None:
            writer = self._get_file_writer()
        if new_style or double_precision or display_name or summary_description:
            self._add_described(
                tag, scalar_value, global_step, walltime,
                (new_style, double_precision, display_name, summary_description),
            )  # fmt: skip
            return
        if scalar_value.__class__ is not float:
            from epochal.tensorboard.summary import number_of

            scalar_value = number_of(scalar_value)
        if tag.__class__ is not str and not isinstance(tag, str):
            raise TypeError(f"a tag is text, not {type(tag).__name__}")
        if global_step.__class__ is not int or not -(1 << 63) <= global_step < 1 << 63:
            global_step = step_in_range(writer.default_step if global_step is None else global_step)
        wall_time = writer.clock() if walltime is None else float(walltime)
        events = writer.events
        if events is not None:
            events.pending.append((tag, global_step or 0, wall_time, scalar_value))
            if not events.is_scheduled:
                events.wake()
            if len(events.pending) > MOST_WAITING:
                events.write()
        sink = writer.sink
        if sink is not None:
            if global_step is None:
                global_step = writer.journal.step_of(tag, None)
            try:
                sink.append_number(tag, scalar_value, global_step, wall_time)
            except Exception as error:  # never the training's trouble
                runs.warn_once(f"add_scalar: {tag!r} was not recorded in the run ({error})")

    def _add_described(
        self,
        tag: str,
        value: Any,
        step: Any,
        walltime: float | None,
        how: tuple[bool, bool, str, str],
    ) -> None:
        from epochal.tensorboard.protos import SummaryMetadata
        from epochal.tensorboard.summary import scalar

        new_style, double_precision, display_name, description = how
        made = scalar(tag, value, new_style=new_style, double_precision=double_precision)
        if display_name or description:
            if not made.value[0].HasField("metadata"):
                made.value[0].metadata = SummaryMetadata()
            made.value[0].metadata.display_name = display_name
            made.value[0].metadata.summary_description = description
        self._get_file_writer().add_summary(made, step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: Any = None,
        walltime: float | None = None,
        summary_description: str = "",
    ) -> None:
        """Add numbers of one chart: a sub-folder each for TensorBoard, keys ``main_tag/name`` of the same run here."""
        from epochal.tensorboard.summary import number_of

        del summary_description
        main = self._get_file_writer()
        wall_time = main.clock() if walltime is None else float(walltime)
        if global_step is None:
            global_step = main.default_step
        if self.all_writers is None:
            raise AssertionError("the writer was closed by another thread while it added scalars")
        for name, value in tag_scalar_dict.items():
            number = number_of(value)
            folder = main.get_logdir() + "/" + main_tag.replace("/", "_") + "_" + name
            writer = self.all_writers.get(folder)
            if writer is None:
                writer = self._make_file_writer(folder, main.journal)
                self.all_writers[folder] = writer
            writer.add_number(main_tag, number, global_step, wall_time, f"{main_tag}/{name}")

    def add_tensor(
        self, tag: str, tensor: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Add a whole tensor."""
        from epochal.tensorboard.summary import tensor_proto

        self._get_file_writer().add_summary(tensor_proto(tag, tensor), global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: Any = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Add the histogram of an array or tensor.

        bins: ``tensorflow`` (edges that grow by a tenth), a rule or anything else that numpy.histogram takes.
        max_bins: joins neighbours.
        """
        from epochal.tensorboard.summary import histogram

        if isinstance(bins, str) and bins == "tensorflow":
            bins = self.default_bins
        made = histogram(tag, values, bins, max_bins=max_bins)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_histogram_raw(
        self,
        tag: str,
        min: float,
        max: float,
        num: float,
        sum: float,
        sum_squares: float,
        bucket_limits: Any,
        bucket_counts: Any,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add a histogram that was counted elsewhere: upper edges of the buckets, and as many counts."""
        from epochal.tensorboard.summary import histogram_raw

        if len(bucket_limits) != len(bucket_counts):
            raise ValueError(
                f"{len(bucket_limits)} bucket limits and {len(bucket_counts)} counts: a histogram has as many of both"
            )
        made = histogram_raw(tag, min, max, num, sum, sum_squares, bucket_limits, bucket_counts)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: Any = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add the precision-recall curve of labels (0 or 1) and predictions (0 to 1)."""
        from epochal.tensorboard.summary import pr_curve

        made = pr_curve(tag, labels, predictions, num_thresholds, weights)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_pr_curve_raw(
        self,
        tag: str,
        true_positive_counts: Any,
        false_positive_counts: Any,
        true_negative_counts: Any,
        false_negative_counts: Any,
        precision: Any,
        recall: Any,
        global_step: Any = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add a precision-recall curve that was counted elsewhere."""
        from epochal.tensorboard.summary import pr_curve_raw

        made = pr_curve_raw(
            tag,
            true_positive_counts,
            false_positive_counts,
            true_negative_counts,
            false_negative_counts,
            precision,
            recall,
            num_thresholds,
            weights,
        )
        self._get_file_writer().add_summary(made, global_step, walltime)

    # ---- pictures, sound, text

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Add an image; dataformats names its dimensions (CHW, HWC, HW, WH, ...)."""
        from epochal.tensorboard.summary import image

        made = image(tag, img_tensor, dataformats=dataformats)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Add a batch of images as one, a grid of 8 columns."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: Any = None,
    ) -> None:
        """Add an image with boxes [n, 4] of xmin, ymin, xmax, ymax and, where there are as many, their labels."""
        from epochal.tensorboard.summary import image_boxes

        if labels is not None:
            names = [labels] if isinstance(labels, str) else labels
            labels = names if len(names) == box_tensor.shape[0] else None
        made = image_boxes(tag, img_tensor, box_tensor, rescale, dataformats, labels)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: Any = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """Add a matplotlib figure as an image, a list of figures as a grid; they are closed unless `close` is False."""
        from epochal.tensorboard.images import figure_to_image

        layout = "NCHW" if isinstance(figure, list) else "CHW"
        self.add_image(tag, figure_to_image(figure, close), global_step, walltime, layout)

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: Any = None,
        fps: float = 4,
        walltime: float | None = None,
        dataformats: str = "NTCHW",
    ) -> None:
        """Add videos [n, t, c, h, w] as one animated GIF; dataformats names other orders (tensorboardX)."""
        from epochal.tensorboard.arrays import make_np
        from epochal.tensorboard.summary import video

        if dataformats != "NTCHW":
            order = [dataformats.upper().find(letter) for letter in "NTCHW"]
            vid_tensor = make_np(vid_tensor).transpose(order)
        self._get_file_writer().add_summary(video(tag, vid_tensor, fps), global_step, walltime)

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: Any = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Add a sound: samples [n] or [1, n] from -1 to 1; sample_rate in Hz."""
        from epochal.tensorboard.summary import audio

        made = audio(tag, snd_tensor, sample_rate=sample_rate)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_text(
        self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Add a text, shown as markdown."""
        from epochal.tensorboard.summary import text

        self._get_file_writer().add_summary(text(tag, text_string), global_step, walltime)

    # ---- graphs, meshes, embeddings

    def add_graph(
        self,
        model: Any,
        input_to_model: Any = None,
        verbose: bool = False,
        use_strict_trace: bool = True,
    ) -> None:
        """Add the graph of a torch module, traced with the input given. Raises what torch's tracing raises."""
        from epochal.tensorboard.pytorch_graph import graph

        made = graph(model, input_to_model, verbose, use_strict_trace)
        self._get_file_writer().add_graph(made)

    def add_onnx_graph(self, prototxt: str | os.PathLike[str]) -> None:
        """Add the graph of an ONNX file."""
        from epochal.tensorboard.onnx_graph import load_onnx_graph

        self._get_file_writer().add_onnx_graph(load_onnx_graph(prototxt))

    def add_mesh(
        self,
        tag: str,
        vertices: Any,
        colors: Any = None,
        faces: Any = None,
        config_dict: Any = None,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add a mesh or point cloud; each part is of shape [batch, n, 3].

        colors: 0 to 255. faces: indices of vertices. config_dict: classes of three.js and their settings.
        """
        from epochal.tensorboard.summary import mesh

        made = mesh(tag, vertices, colors, faces, config_dict)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_embedding(
        self,
        mat: Any,
        metadata: Any = None,
        label_img: Any = None,
        global_step: Any = None,
        tag: str = "default",
        metadata_header: Any = None,
    ) -> None:
        """Add vectors [n, d] for the projector.

        metadata: a label a row, or with metadata_header a list of them a row. label_img: an image a row, [n, c, h, w].
        """
        from epochal.tensorboard.projector import Embedding

        embedding = Embedding.of(mat, metadata, label_img, global_step, tag, metadata_header)
        writer = self._get_file_writer()
        if writer.events is not None:
            embedding.write(writer.get_logdir(), self._embeddings)
        value, blobs = embedding.media_value()
        step = step_in_range(0 if global_step is None else global_step)
        writer.journal.add_media(f"embeddings/{tag}", value, blobs, step, writer.clock())

    # ---- layouts and hyperparameters

    def add_custom_scalars(self, layout: Mapping[str, Mapping[str, Any]]) -> None:
        """Add charts {category: {title: ["Multiline", [tags]] or ["Margin", [value, lower, upper]]}}."""
        from epochal.tensorboard.summary import custom_scalars

        self._get_file_writer().add_summary(custom_scalars(layout))

    def add_custom_scalars_multilinechart(
        self, tags: Any, category: str = "default", title: str = "untitled"
    ) -> None:
        """Add one chart of several tags."""
        self.add_custom_scalars({category: {title: ["Multiline", tags]}})

    def add_custom_scalars_marginchart(
        self, tags: Any, category: str = "default", title: str = "untitled"
    ) -> None:
        """Add one chart of a tag between two others: value, lower, upper."""
        if len(tags) != 3:
            raise AssertionError(f"a margin chart has 3 tags, not {len(tags)}")
        self.add_custom_scalars({category: {title: ["Margin", tags]}})

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list[Any]] | None = None,
        run_name: str | None = None,
        global_step: Any = None,
        name: str | None = None,
    ) -> None:
        """Add hyperparameters and what came of them.

        TensorBoard gets a sub-folder (run_name or, as tensorboardX calls it, name; by default the time). Here they are
        config and metrics of the run; a second call with other values is a run of its own.
        """
        from epochal.tensorboard.summary import hparams, number_of, plain_hparam

        if type(hparam_dict) is not dict or type(metric_dict) is not dict:
            raise TypeError("add_hparams takes two dicts: hyperparameters and metrics")
        summaries = hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        numbers = {metric: number_of(value) for metric, value in metric_dict.items()}
        plain = {
            key: plain_hparam(key, value) for key, value in hparam_dict.items() if value is not None
        }
        main = self._get_file_writer()
        folder = os.path.join(main.get_logdir(), run_name or name or str(time.time()))
        is_other = any(key in self._hparams and self._hparams[key] != plain[key] for key in plain)
        if not is_other:
            self._hparams.update(plain)
        group = runs.name_of(main.get_logdir()) if is_other else None
        writer = self._make_file_writer(folder, None if is_other else main.journal, group)
        for made in summaries:
            writer.add_summary(made, global_step)
        for metric, number in numbers.items():
            writer.add_number(metric, number, global_step)
        writer.close()

    # ---- what tensorboardX has besides

    @contextlib.contextmanager
    def use_metadata(
        self, *, global_step: Any = None, walltime: float | None = None
    ) -> Iterator[SummaryWriter]:
        """Give what is added inside, without a step or a time, these."""
        with self._get_file_writer().use_metadata(global_step=global_step, walltime=walltime):
            yield self

    def export_scalars_to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the scalars of the event files as JSON: {folder/tag: [[wall time, step, value], ...]}."""
        import json

        self.flush()
        scalars: dict[str, list[list[float]]] = {}
        for folder, writer in (self.all_writers or {}).items():
            for tag, point in writer.scalars():
                scalars.setdefault(f"{folder}/{tag}", []).append(point)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(scalars, file)

    # ---- the end

    def flush(self) -> None:
        """Write what waits to the event files."""
        for writer in list((self.all_writers or {}).values()):
            writer.flush()

    def close(self) -> None:
        """Write what waits, close the event files and end the run; a later `add_...` goes on with it in a new file."""
        self._close(0)

    def _close(self, exit_code: int) -> None:
        writers, self.file_writer, self.all_writers = self.all_writers, None, None
        for writer in (writers or {}).values():
            writer.close(exit_code)

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        from epochal.sdk.exits import exit_code_of_error

        self._close(exit_code_of_error(error))


def _default_folder(comment: str) -> str:
    import socket

    stamp = time.strftime("%b%d_%H-%M-%S")
    return os.path.join("runs", f"{stamp}_{socket.gethostname()}{comment}")
