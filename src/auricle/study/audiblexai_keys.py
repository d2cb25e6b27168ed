"""The keys of AudibleXAI's ``run_configuration.json``, with the defaults of its README."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from auricle.settings_files import Part, group

DataName = Literal["audio_mnist_digits", "audio_mnist_gender", "gtzan", "audioset"]
DataType = Literal["spectrogram", "melspectrogram"]
Shape = Literal["RECTANGULAR_REGIONS", "TIMEFRAME"]


class Run(Part):
    """Which stages run."""

    preprocessing: bool = False
    saliency: bool = True
    region_extraction: bool = True
    evaluation: bool = True
    visualization: bool = True


class Quick(Part):
    """Fewer clips."""

    run: bool = True
    max_per_class: int = Field(200, ge=1)


class Miscellaneous(Part):
    """Quick analysis mode."""

    quick_analysis_mode: Quick = group(Quick)


class Saliency(Part):
    """Attribution methods."""

    methods: list[str] = Field(min_length=1)
    save_saliency_heatmaps: bool = False
    reset: bool = False


class Space(Part):
    """The grid of region extraction."""

    threshold_percentile: list[float] = Field([98, 95, 90, 80, 70])
    min_cluster_size: list[int] = Field([15, 20, 30, 40, 50, 60, 70])
    min_samples: list[int] = Field([5, 10, 15, 20, 25, 30])
    max_inter_class_penalties: list[float] = Field([0.5])


class Extraction(Part):
    """Regions and their sound."""

    method: Shape = "RECTANGULAR_REGIONS"
    search_space: Space = group(Space)
    region_tuning_mode: bool = True
    random_selection_comparison_runs: int = Field(5, ge=0)
    run_region_optimization: bool = False
    save_audio: bool = False
    audio_extraction_strategy: Literal["AUDIO_IDENTIFICATION", "AUDIO_INDENTIFICATION", "AUDIO_RECONSTRUCTION"] = (
        "AUDIO_IDENTIFICATION"
    )
    reload_regions_last_run: bool = False
    reset: bool = False


class Evaluation(Part):
    """Faithfulness."""

    method: Shape = "RECTANGULAR_REGIONS"
    reset: bool = False


class Visualization(Part):
    """Pictures."""

    methods: list[Literal["overview_saliencies", "overview_saliency_regions", "overview_mispredictions"]] = Field(
        ["overview_saliencies", "overview_saliency_regions", "overview_mispredictions"]
    )


class Settings(Part):
    """Settings of the stages."""

    miscellaneous: Miscellaneous = group(Miscellaneous)
    preprocessing: dict[str, Any] = Field(default_factory=dict)
    saliency: Saliency
    region_extraction: Extraction = group(Extraction)
    evaluation: Evaluation = group(Evaluation)
    visualization: Visualization = group(Visualization)


class RunConfiguration(Part):
    """The whole file."""

    path_configuration: str | None = None
    dataset: DataName
    dataset_type: DataType
    run: Run = group(Run)
    settings: Settings
