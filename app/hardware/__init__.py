"""What machine is this: GPUs, memory, processor, disks, and what the engine can use of them."""
