import BlockGraph
import Storage
import TestSupport
import Testing

/// Bitmaps go from blockjobd to the installed tools and back, in one image.
@Suite struct `persistent bitmaps and the reference` {
    @Test func `what is recorded here is read there`() async throws {
        let bench = try ChainBench()
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "a.qcow2", "4M")
        try await bench.openImage()
        try await bench.graph.addBitmap(BitmapSpec(BitmapName("fine"), granularity: 512, isPersistent: true))
        try await bench.graph.addBitmap(BitmapSpec(BitmapName("coarse"), granularity: 1 << 20, isPersistent: true))
        try await bench.graph.addBitmap(BitmapSpec(BitmapName("still"), isPersistent: true, isRecording: false))
        try await bench.write(at: 3 << 20)
        try await bench.write(at: 65536)
        let digests = try await bench.digests(["fine", "coarse", "still"])
        try await bench.closeImage()
        #expect(try bench.listed() == ["fine auto", "coarse auto", "still"])
        #expect(try await bench.referenceDigests(["fine", "coarse", "still"]) == digests)
        try bench.run("qemu-img", "check", "-q", "a.qcow2")
        await bench.stop()
    }

    @Test func `what is recorded there is read here, and goes on`() async throws {
        let bench = try ChainBench()
        try bench.makeImageWithBitmaps()
        let theirs = try await bench.referenceDigests(["on", "off"])
        try await bench.openImage()
        #expect(try await bench.digests(["on", "off"]) == theirs)
        try await bench.write(at: 0)
        #expect(try await bench.bits("on") == 0xFFFF_0001)
        #expect(try await bench.bits("off") == 0)
        let ours = try await bench.digests(["on", "off"])
        try await bench.closeImage()
        #expect(try bench.listed() == ["on auto", "off"])
        #expect(try await bench.referenceDigests(["on", "off"]) == ours)
        await bench.stop()
    }

    @Test func `an image that is opened and closed keeps its bitmaps where they are`() async throws {
        let bench = try ChainBench()
        try bench.makeImageWithBitmaps()
        let before = try bench.directory.contents(of: "a.qcow2")
        try await bench.openImage()
        try await bench.closeImage()
        #expect(try bench.directory.contents(of: "a.qcow2") == before)
        await bench.stop()
    }

    @Test func `a killed owner leaves bitmaps that can only be removed`() async throws {
        let bench = try ChainBench()
        try bench.makeImageWithBitmaps()
        try bench.run("sh", "-c", "ulimit -c 0; qemu-io -f qcow2 -c 'write 0 64k' -c flush -c abort a.qcow2 >&2 || true")
        #expect(try bench.listed() == ["on in-use auto", "off in-use"])
        try await bench.openImage()
        let graph = bench.graph
        let reason = "Bitmap 'on' is inconsistent and cannot be used"
        #expect(await bench.refusal { try await graph.clearBitmap(BitmapName("on")) } == reason)
        #expect(await bench.refusal { try await graph.setBitmap(BitmapName("on"), isRecording: true) } == reason)
        #expect(await bench.refusal { try await graph.mergeBitmaps([BitmapName("off")], into: BitmapName("on")) } == reason)
        #expect(await bench.refusal { try await graph.resize("disk", to: 8 << 20) } == reason)
        let info = try await bench.bitmap("on")
        #expect(info?.isInconsistent == true && info?.isRecording == false && info?.count == 0)
        try await bench.write(at: 0)
        try await graph.removeBitmap(BitmapName("on"))
        try await graph.removeBitmap(BitmapName("off"))
        try await graph.resize("disk", to: 8 << 20)
        try await bench.closeImage()
        #expect(try bench.listed().isEmpty)
        try bench.run("qemu-img", "check", "-q", "a.qcow2")
        await bench.stop()
    }

    @Test func `an image that was left open here is inconsistent there`() async throws {
        let bench = try ChainBench()
        try bench.makeImageWithBitmaps()
        try await bench.openImage()
        try await bench.write(at: 0)
        try bench.run("cp", "a.qcow2", "left.qcow2")
        #expect(try bench.listed("left.qcow2") == ["on in-use auto", "off in-use"])
        try bench.run("qemu-img", "bitmap", "--remove", "left.qcow2", "on")
        #expect(try bench.listed("left.qcow2") == ["off in-use"])
        try await bench.closeImage()
        await bench.stop()
    }

    @Test func `a longer and a shorter disk have bitmaps of their length`() async throws {
        let bench = try ChainBench()
        try bench.makeImageWithBitmaps()
        try await bench.openImage()
        try await bench.graph.addBitmap(BitmapSpec(BitmapName("new"), granularity: 65536, isPersistent: true))
        try await bench.graph.resize("disk", to: 6 << 20)
        try await bench.write(at: 5 << 20)
        #expect(try await bench.bits("on") == 0xFFFF_0000)
        let longer = try await bench.digests(["on", "off", "new"])
        try await bench.closeImage()
        #expect(try await bench.referenceDigests(["on", "off", "new"]) == longer)
        try await bench.openImage()
        try await bench.graph.resize("disk", to: 3 << 19)
        #expect(try await bench.bits("on") == 0xFF_0000)
        let shorter = try await bench.digests(["on", "off", "new"])
        try await bench.closeImage()
        #expect(try await bench.referenceDigests(["on", "off", "new"]) == shorter)
        try bench.run("qemu-img", "check", "-q", "a.qcow2")
        await bench.stop()
    }

    @Test func `layers below have their bitmaps to be read`() async throws {
        let bench = try ChainBench()
        try bench.makeImageWithBitmaps()
        let theirs = try await bench.referenceDigests(["on"])
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "a.qcow2", "-F", "qcow2", "top.qcow2")
        try await bench.openImage("top.qcow2")
        let below = try #require(try await bench.graph.node("disk").children.first { $0.name == "backing" }).nodeName
        #expect(try await bench.graph.digestOfBitmap(BitmapName(node: below, name: "on")) == theirs[0])
        #expect(
            await bench.refusal { try await bench.graph.clearBitmap(BitmapName(node: below, name: "on")) }
                == "Bitmap 'on' is readonly and cannot be modified")
        try await bench.graph.addBitmap(BitmapSpec(BitmapName("copy"), granularity: 65536, isPersistent: true))
        try await bench.graph.mergeBitmaps([BitmapName(node: below, name: "on")], into: BitmapName("copy"))
        try await bench.closeImage()
        #expect(try bench.listed("a.qcow2") == ["on auto", "off"] && bench.listed("top.qcow2") == ["copy auto"])
        #expect(try await bench.referenceDigests(["copy"], image: "top.qcow2") == theirs)
        await bench.stop()
    }
}
