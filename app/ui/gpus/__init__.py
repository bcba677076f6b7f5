"""GPUs that can run a model, the best of them, and machines put together from parts."""

from app.ui.gpus.views import GpuViews, gpu_views

__all__ = ["GpuViews", "gpu_views"]
