// The run of the page as a program for PyTorch, to be taken along.

const ACTIVATIONS = { relu: "nn.ReLU()", tanh: "nn.Tanh()", sigmoid: "nn.Sigmoid()" };
const POOLS = { max: "nn.MaxPool2d(2)", avg: "nn.AvgPool2d(2)" };
const OPTIMIZERS = {
  sgd: (rate) => `torch.optim.SGD(net.parameters(), lr=${rate})`,
  momentum: (rate) => `torch.optim.SGD(net.parameters(), lr=${rate}, momentum=0.9)`,
  adam: (rate) => `torch.optim.Adam(net.parameters(), lr=${rate})`,
};

/** The program of these settings; `inputs` is how many numbers the last layer gets. */
export function codeOf(settings, inputs, epochs) {
  const { blocks, batch, rate, optimizer, seed, few, labels, pixels, zero, test } = settings;
  const lines = ["import torch", "from torch import nn", "from torch.nn import functional as F", "",
    "from cnnlib import data", "", `torch.manual_seed(${seed})`,
    'digits = data.load_mnist("bundled")',
    "images, labels = digits.train_images, digits.train_labels",
    "test_images, test_labels = digits.test_images, digits.test_labels"];
  if (few) {
    lines.push(`some = torch.randperm(len(images))[:${few}]  # few images`,
      "images, labels = images[some], labels[some]");
  }
  if (labels === "shuffled") lines.push("labels = labels[torch.randperm(len(labels))]  # labels shuffled");
  if (pixels === "shuffled") {
    lines.push("order = torch.randperm(784)  # pixels shuffled, in the same way for all",
      "images = images.flatten(1)[:, order].reshape(-1, 1, 28, 28)",
      "test_images = test_images.flatten(1)[:, order].reshape(-1, 1, 28, 28)");
  }
  if (test === "shifted") lines.push("test_images = F.pad(test_images, (4, -4, 4, -4))  # 4 right, 4 down");
  if (test === "turned") lines.push("test_images = test_images.rot90(-1, (2, 3))  # a quarter turn, clockwise");
  lines.push("", "net = nn.Sequential(", ...layersOf(blocks, inputs).map((line) => `    ${line},`), ")",
    `optimizer = ${OPTIMIZERS[optimizer](rate)}`, "",
    `for epoch in range(${Math.max(1, epochs)}):`,
    "    net.train()",
    `    for batch in torch.randperm(len(images)).split(${batch}):`,
    "        loss = F.cross_entropy(net(images[batch]), labels[batch])",
    zero ? "        optimizer.zero_grad()" : "        # optimizer.zero_grad() is left out",
    "        loss.backward()", "        optimizer.step()",
    "    net.eval()", "    with torch.no_grad():",
    "        right = (net(test_images).argmax(1) == test_labels).float().mean()",
    '    print(f"epoch {epoch + 1}: loss of the last batch {loss:.3f}, test {right:.1%}")');
  return `${lines.join("\n")}\n`;
}

function layersOf(blocks, inputs) {
  let channels = 1;
  const lines = blocks.flatMap((block) => {
    const { kernels, size, stride, padding, activation, pool, dropout } = block;
    const more = `${stride > 1 ? `, stride=${stride}` : ""}${padding ? `, padding=${padding}` : ""}`;
    const own = [`nn.Conv2d(${channels}, ${kernels}, ${size}${more})`];
    channels = kernels;
    if (block.norm) own.push(`nn.BatchNorm2d(${kernels})`);
    if (activation !== "none") own.push(ACTIVATIONS[activation]);
    if (pool !== "none") own.push(POOLS[pool]);
    if (dropout) own.push(`nn.Dropout(${dropout})`);
    return own;
  });
  return [...lines, "nn.Flatten()", `nn.Linear(${inputs}, 10)`];
}
