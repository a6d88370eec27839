// SPDX-License-Identifier: GPL-2.0
/*
 * edu - the memory of QEMU's edu device, by DMA, as a file edu-ADDRESS in debugfs
 *
 * A PCI driver to copy from. A write fills a coherent buffer from a pool and queues its
 * transfer, whose interrupt puts the buffer; a read waits for its transfer. -EIO: the driver
 * is being unbound, or a transfer does not end: then the device loses its access to memory,
 * and the driver ends all. Unbinding waits for what is queued, since removing the file waits
 * for calls: the pool knows when all buffers are back. devm undoes interrupt and pool.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <syncpool.h>

#define EDU_SIZE	4095U		/* with the last byte of 4 KiB, QEMU 7 dies */
#define EDU_ADDRESS	0x40000U	/* of the device's memory, for DMA */
#define EDU_TIMEOUT	(10 * HZ)	/* EDU_MAX transfers take 1.6 s */
#define EDU_MAX		16U		/* buffers */

#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_ACK	0x64
#define EDU_DMA_FROM	0x80
#define EDU_DMA_TO	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_COMMAND	0x98
#define EDU_DMA_RUN	0x1
#define EDU_DMA_WRITE	0x5		/* run, with an interrupt at the end */
#define EDU_DMA_READ	0x7		/* from the device's memory */

/* A buffer, and the transfer that it is for: the pool's object. */
struct edu_buf {
	struct list_head	list;
	struct completion	done;
	dma_addr_t		dma;
	void			*data;
	size_t			len;	/* 0: the transfer has failed */
	bool			read;	/* and the reader waits for it */
};

struct edu {
	void __iomem		*regs;
	struct syncpool		*pool;
	struct dentry		*file;
	spinlock_t		lock;	/* for what follows, and the registers of DMA */
	struct list_head	queue;	/* the first is under way */
	bool			gone;	/* no more transfers */
};

static void *edu_buf_alloc(gfp_t gfp, void *dev)
{
	struct edu_buf *buf = kzalloc(sizeof(*buf), gfp);

	if (buf)
		buf->data = dma_alloc_coherent(dev, EDU_SIZE, &buf->dma, gfp);
	if (buf && buf->data)
		return buf;
	kfree(buf);
	return NULL;
}

static void edu_buf_free(void *obj, void *dev)
{
	struct edu_buf *buf = obj;

	dma_free_coherent(dev, EDU_SIZE, buf->data, buf->dma);
	kfree(buf);
}

static void edu_end(struct edu *edu, struct edu_buf *buf, size_t len)
{
	list_del(&buf->list);
	buf->len = len;
	if (buf->read)
		complete(&buf->done);
	else
		syncpool_put(edu->pool, buf);
}

/* Begin the first transfer of the queue. */
static void edu_start(struct edu *edu)
{
	struct edu_buf *buf = list_first_entry(&edu->queue, struct edu_buf, list);

	writel(buf->read ? EDU_ADDRESS : buf->dma, edu->regs + EDU_DMA_FROM);
	writel(buf->read ? buf->dma : EDU_ADDRESS, edu->regs + EDU_DMA_TO);
	writel(buf->len, edu->regs + EDU_DMA_COUNT);
	writel(buf->read ? EDU_DMA_READ : EDU_DMA_WRITE, edu->regs + EDU_DMA_COMMAND);
}

/* False: the transfer has failed. */
static bool edu_queue(struct edu *edu, struct edu_buf *buf, size_t len, bool read)
{
	bool gone;

	buf->len = len;
	buf->read = read;
	init_completion(&buf->done);
	spin_lock_irq(&edu->lock);
	list_add_tail(&buf->list, &edu->queue);
	gone = READ_ONCE(edu->gone);
	if (gone)
		edu_end(edu, buf, 0);
	else if (list_is_singular(&edu->queue))
		edu_start(edu);
	spin_unlock_irq(&edu->lock);
	return !gone;
}

/* A transfer has not ended in EDU_TIMEOUT. */
static void edu_abort(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);
	struct edu_buf *buf, *next;

	pci_err(pdev, "a transfer does not end\n");
	pci_clear_master(pdev);
	spin_lock_irq(&edu->lock);
	WRITE_ONCE(edu->gone, true);
	list_for_each_entry_safe(buf, next, &edu->queue, list)
		edu_end(edu, buf, 0);
	spin_unlock_irq(&edu->lock);
}

static irqreturn_t edu_irq(int irq, void *data)
{
	struct edu *edu = data;
	struct edu_buf *buf;
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status || status == ~0U)	/* not ours, or gone */
		return IRQ_NONE;
	writel(status, edu->regs + EDU_IRQ_ACK);
	spin_lock(&edu->lock);
	buf = list_first_entry_or_null(&edu->queue, struct edu_buf, list);
	if (buf)
		edu_end(edu, buf, buf->len);
	if (!list_empty(&edu->queue))
		edu_start(edu);
	spin_unlock(&edu->lock);
	return IRQ_HANDLED;
}

static ssize_t edu_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct edu *edu = pci_get_drvdata(file->private_data);
	struct edu_buf *buf;
	ssize_t ret;

	buf = len && !READ_ONCE(edu->gone) ? syncpool_get_killable(edu->pool, GFP_KERNEL) : NULL;
	if (!buf)
		return len ? -EIO : 0;
	edu_queue(edu, buf, min_t(size_t, len, EDU_SIZE), true);
	if (!wait_for_completion_timeout(&buf->done, EDU_TIMEOUT))
		edu_abort(file->private_data);
	ret = !buf->len ? -EIO : copy_to_user(to, buf->data, buf->len) ? -EFAULT : buf->len;
	syncpool_put(edu->pool, buf);
	return ret;
}

static ssize_t edu_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct edu *edu = pci_get_drvdata(file->private_data);
	struct edu_buf *buf;

	buf = len && !READ_ONCE(edu->gone) ? syncpool_get_killable(edu->pool, GFP_KERNEL) : NULL;
	if (!buf)
		return len ? -EIO : 0;
	len = min_t(size_t, len, EDU_SIZE);
	if (copy_from_user(buf->data, from, len)) {
		syncpool_put(edu->pool, buf);
		return -EFAULT;
	}
	return edu_queue(edu, buf, len, false) ? len : -EIO;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE, .open = simple_open,
	.read = edu_read, .write = edu_write,
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct syncpool_params params = {
		.alloc = edu_buf_alloc, .free = edu_buf_free,
		.name = pci_name(pdev), .data = &pdev->dev,
		.footprint = EDU_SIZE + sizeof(struct edu_buf),
		.flags = SYNCPOOL_FREE_SLEEPS,	/* dma_free_coherent() wants interrupts on */
		.min = 2, .max = EDU_MAX,	/* who writes too fast waits */
	};
	struct edu *edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	char name[32];
	int err;

	if (!edu)
		return -ENOMEM;
	spin_lock_init(&edu->lock);
	INIT_LIST_HEAD(&edu->queue);
	pci_set_drvdata(pdev, edu);
	err = pcim_enable_device(pdev) ?: pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME) ?:
	      dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(28));
	if (err)
		return err;
	edu->regs = pcim_iomap_table(pdev)[0];
	edu->pool = devm_syncpool_create(&pdev->dev, &params);
	if (IS_ERR(edu->pool))
		return PTR_ERR(edu->pool);
	if (readl(edu->regs + EDU_DMA_COMMAND) & EDU_DMA_RUN)
		return -EBUSY;	/* a former driver has given up on it */
	writel(readl(edu->regs + EDU_IRQ_STATUS), edu->regs + EDU_IRQ_ACK);
	pci_set_master(pdev);
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err > 0)
		err = devm_request_irq(&pdev->dev, pci_irq_vector(pdev, 0), edu_irq, IRQF_SHARED,
				       KBUILD_MODNAME, edu);
	if (err)
		return err;
	snprintf(name, sizeof(name), "edu-%s", pci_name(pdev));
	edu->file = debugfs_create_file(name, 0600, NULL, pdev, &edu_fops);
	return PTR_ERR_OR_ZERO(edu->file);
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	WRITE_ONCE(edu->gone, true);
	if (syncpool_wait_idle(edu->pool, EDU_TIMEOUT))
		edu_abort(pdev);
	debugfs_remove(edu->file);
}

static const struct pci_device_id edu_ids[] = { { PCI_DEVICE(0x1234, 0x11e8) }, {} };
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = KBUILD_MODNAME, .id_table = edu_ids,
	.probe = edu_probe, .remove = edu_remove,
};

module_pci_driver(edu_driver);
MODULE_DESCRIPTION("QEMU's edu device, with DMA buffers from a syncpool");
MODULE_LICENSE("GPL");
