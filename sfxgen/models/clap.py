"""CLAP: how near a sound is to a text. It ranks candidates. The light face; the scoring is in `clap_session`.

Wu et al., "Large-scale Contrastive Language-Audio Pretraining with Feature Fusion and Keyword-to-Caption
Augmentation", ICASSP 2023 (arXiv 2211.06687).
"""

from __future__ import annotations

from collections.abc import Mapping

from sfxgen.contracts import CLAP, ModelInfo, RankingSession, Surroundings
from sfxgen.errors import ModelUnavailable
from sfxgen.events import ModelLoading, OnEvent
from sfxgen.models import weights
from sfxgen.models.devices import pick_device
from sfxgen.models.weighted import Weighted

FEATURES = ("preprocessor_config.json", "processor_config.json")
"""Where the settings of its spectrograms stand, the older way and the newer one."""

_WHERE_HINT = "ranker: in sfxgen.yaml names a Hub id, or a folder of the project"


class _Weights(Weighted):
    """Where its weights are, and what is missing of them."""

    name = CLAP
    title = "CLAP"
    layouts: Mapping[str, tuple[str, ...]] = {"ClapModel": ()}
    models: tuple[ModelInfo, ...] = (
        ModelInfo(
            name=CLAP,
            adapter=CLAP,
            where="laion/clap-htsat-unfused",
            licence="Apache-2.0",
            licence_url="https://huggingface.co/laion/clap-htsat-unfused",
            commercial="yes",
            sample_rate=48000,
            channels=1,
            max_duration_s=10.0,
            accepts=frozenset({"prompt"}),
            download_mb=615,
            memory_gb=1.0,
            summary="ranks candidates by their nearness to the prompt",
        ),
    )

    def _weights_problem(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        problem = super()._weights_problem(info, around)
        if problem is not None:
            return problem if problem.hint else ModelUnavailable(problem.message, hint=_WHERE_HINT)
        found = weights.locate(info.where, around.root, around.pinned)
        if found is None or any((found.folder / name).is_file() for name in FEATURES):
            return None
        return ModelUnavailable(
            f"{info.name}: its weights are incomplete: {FEATURES[0]}",
            hint="the folder needs what ClapProcessor.save_pretrained writes, too",
        )

    def _device_problem(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        return None if around.device == "auto" else super()._device_problem(info, around)


class ClapRanker:
    """The ranker. See `sfxgen.contracts.Ranker`."""

    name = CLAP
    version = 1

    def __init__(self) -> None:
        self._weights = _Weights()

    def info(self, where: str) -> ModelInfo:
        """Return what is known of the weights at a Hub id or in a folder of the project."""
        return self._weights.info(where)

    def revision(self, info: ModelInfo, around: Surroundings) -> str | None:
        """Return a project folder's digest, else the pinned revision, else the commit named or in the cache."""
        return self._weights.revision(info, around)

    def unavailable(self, info: ModelInfo, around: Surroundings) -> ModelUnavailable | None:
        """Return what is missing, or None. Where no device was asked for, it runs on any: a clip takes 0.24 CPU seconds."""
        return self._weights.unavailable(info, around)

    def load(self, info: ModelInfo, around: Surroundings, *, on_event: OnEvent) -> RankingSession:
        """Load CLAP. Raises ModelUnavailable, or ModelError for damaged weights."""
        problem = self.unavailable(info, around)
        if problem is not None:
            raise problem
        found = weights.locate(info.where, around.root, around.pinned)
        device = pick_device(around.device) or ("cpu" if around.device == "auto" else None)
        if found is None or device is None:
            raise ModelUnavailable(f"{info.name}: its weights or the GPU went away")
        from sfxgen.models.clap_session import ClapSession

        on_event(ModelLoading(info.name, device))
        return ClapSession(found.folder, model=info.name, device=device)


ranker = ClapRanker()
