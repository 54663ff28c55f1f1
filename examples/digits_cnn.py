"""A convolutional network learns handwritten digits: the classic PyTorch pipeline, tracked.

pip install torch==2.13.0 scikit-learn
python examples/digits_cnn.py
epochal up
"""

import random

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import epochal

random.seed(0)
np.random.seed(0)  # noqa: NPY002 - the classic pipeline seeds all three
torch.manual_seed(0)

config = dict(  # noqa: C408
    epochs=5,
    classes=10,
    kernels=[16, 32],
    batch_size=128,
    learning_rate=0.005,
    dataset="scikit-learn digits",
    architecture="CNN",
)


def main():
    with epochal.init(project="pytorch-demo", config=config) as run:
        # Everything is read back from the run, so that what is recorded is what ran.
        model, train_loader, test_loader, criterion, optimizer = make(run.config)
        print(model)
        train(run, model, train_loader, criterion, optimizer, run.config)
        test(run, model, test_loader)


def make(config):
    train_data, test_data = get_data()
    train_loader = DataLoader(train_data, batch_size=config.batch_size, shuffle=True)
    test_loader = DataLoader(test_data, batch_size=config.batch_size)
    model = ConvNet(config.kernels, config.classes)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    return model, train_loader, test_loader, criterion, optimizer


def get_data():
    """Return the digits as images of 28 x 28: every fifth one is for the test."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    images = nn.functional.interpolate(images, size=(28, 28), mode="bilinear", align_corners=False)
    labels = torch.tensor(digits.target)
    is_test = torch.arange(len(labels)) % 5 == 0
    return (
        TensorDataset(images[~is_test], labels[~is_test]),
        TensorDataset(images[is_test], labels[is_test]),
    )


class ConvNet(nn.Module):
    """Two blocks of convolution and pooling, and a linear layer."""

    def __init__(self, kernels, classes):
        super().__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(1, kernels[0], kernel_size=5, stride=1, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.layer2 = nn.Sequential(
            nn.Conv2d(kernels[0], kernels[1], kernel_size=5, stride=1, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.fc = nn.Linear(7 * 7 * kernels[-1], classes)

    def forward(self, x):
        """Return the scores of a batch of images."""
        out = self.layer2(self.layer1(x))
        return self.fc(out.reshape(out.size(0), -1))


def train(run, model, loader, criterion, optimizer, config):
    example_count = 0
    batch_count = 0
    for epoch in range(config.epochs):
        for images, labels in loader:
            loss = train_batch(images, labels, model, optimizer, criterion)
            example_count += len(images)
            batch_count += 1
            if batch_count % 5 == 0:
                run.log({"epoch": epoch, "loss": loss}, step=example_count)
                print(f"loss after {example_count:05d} examples: {loss:.3f}")


def train_batch(images, labels, model, optimizer, criterion):
    loss = criterion(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def test(run, model, loader):
    model.eval()
    with torch.no_grad():
        correct, total = 0, 0
        for images, labels in loader:
            predicted = model(images).argmax(dim=1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    print(f"accuracy of the model on {total} test images: {correct / total:.1%}")
    run.log({"test_accuracy": correct / total})


if __name__ == "__main__":
    main()
