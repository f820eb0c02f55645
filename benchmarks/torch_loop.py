"""The lstm test's network as a plain PyTorch loop, for an interpreter that has PyTorch.

Reads ``{"kept": [...], "new": [...], "seeds": n, "epochs": n}``, shares of a capacity, and prints
what every seed's network took and how it erred, as JSON.
"""

import json
import sys
import time
from typing import Any

import torch  # type: ignore[import-not-found]  # only where this runs

UNITS = 4


def main() -> None:
    torch.set_num_threads(1)  # the fastest for so small a network
    asked = json.load(sys.stdin)
    kept, new = (pairs(asked[name]) for name in ("kept", "new"))
    fits = []
    for seed in range(asked["seeds"]):
        torch.manual_seed(seed)
        start = time.perf_counter()
        predict = train(*kept, asked["epochs"])
        errors = [rmse(predict(x), y) for x, y in (kept, new)]
        fits.append({"seconds": time.perf_counter() - start, "kept": errors[0], "new": errors[1]})
    json.dump({"version": torch.__version__, "fits": fits}, sys.stdout)


def pairs(shares: list[float]) -> tuple[Any, Any]:
    """Inputs (pairs, 1 step, 1 feature) and the samples that follow, (pairs, 1)."""
    series = torch.tensor(shares).round(decimals=3)
    return series[:-1].reshape(-1, 1, 1), series[1:].reshape(-1, 1)


def train(inputs: Any, wanted: Any, epochs: int) -> Any:
    """A network that has seen every pair once an epoch, one at a time."""
    lstm, dense = torch.nn.LSTM(1, UNITS, batch_first=True), torch.nn.Linear(UNITS, 1)
    for kernel in (lstm.weight_ih_l0, dense.weight):
        torch.nn.init.xavier_uniform_(kernel)
    for bias in (lstm.bias_ih_l0, lstm.bias_hh_l0, dense.bias):
        torch.nn.init.zeros_(bias)
    lstm.bias_hh_l0.requires_grad_(requires_grad=False)  # a layer has one bias, PyTorch splits it
    learnt = [p for p in (*lstm.parameters(), *dense.parameters()) if p.requires_grad]
    adam = torch.optim.Adam(learnt, lr=1e-3, eps=1e-7)

    def predict(x: Any) -> Any:
        return dense(lstm(x)[0][:, -1])

    for _ in range(epochs):
        for k in torch.randperm(len(inputs)).tolist():
            adam.zero_grad()
            torch.nn.functional.mse_loss(predict(inputs[k : k + 1]), wanted[k : k + 1]).backward()
            adam.step()
    return predict


def rmse(said: Any, wanted: Any) -> float:
    return float((said - wanted).square().mean().sqrt())


if __name__ == "__main__":
    main()
