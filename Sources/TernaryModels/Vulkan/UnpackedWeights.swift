import TernaryCore
import TernaryKernels
import VulkanCompute

/// How ternary weights lie in a Vulkan device's memory; the bits of all results are the same.
public enum WeightPacking: String, Sendable, CaseIterable {
    /// 2 bits a weight where the whole model fits the device so, else 1.6.
    case automatic = "auto"
    /// As kernels read them: the fastest.
    case twoBits = "2"
    /// Five to a byte. Before each product its matrix is unpacked, which costs time but only one matrix's room.
    case base3 = "1.6"
}

/// Room for the matrices of one dispatch, where a model lies in memory at 1.6 bits a weight.
///
/// Passes are planned as if kernels read what is packed; what a plan then says of a packed matrix is replaced by its unpacking into this
/// room and the same dispatch on what is there.
final class UnpackedWeights: Sendable {
    /// Matrices of one shape in a buffer, one behind the other.
    struct Packed: Sendable {
        let slice: BufferSlice
        let matrices: Int
        /// Tiles of each.
        let tiles: Int

        var unpackedBytes: Int { matrices * tiles * 16 }
    }

    private let room: Buffer
    private let packed: [ObjectIdentifier: [Packed]]

    init(_ packed: [Packed], byteCount: Int, device: Device) throws {
        let most = device.description.maxStorageRange
        if byteCount > most {
            throw VulkanError.tooLarge("an unpacked tensor, bytes of one binding", requested: byteCount, limit: most)
        }
        room = try device.makeBuffer(byteCount: byteCount, memory: .device, label: "unpacked weights")
        self.packed = Dictionary(grouping: packed) { ObjectIdentifier($0.slice.buffer) }
    }

    /// Steps that do the same with what is unpacked.
    func applied(to steps: [Plan.Step]) -> [Plan.Step] {
        steps.flatMap { step -> [Plan.Step] in
            guard case .dispatch(let kernel, var buffers) = step,
                let place = buffers.indices.first(where: { matrices(in: buffers[$0]) != nil }),
                let found = matrices(in: buffers[place])
            else { return [step] }
            let packed = buffers[place]
            buffers[place] = BufferSlice(room, offset: 0, byteCount: found.unpackedBytes)
            // The room may be in use until everything before has ended.
            return [
                .barrier,
                .dispatch(TernaryUnpack(matrices: found.matrices, tiles: found.tiles), [packed, buffers[place]]),
                .barrier, .dispatch(kernel, buffers),
            ]
        }
    }

    /// The matrices that a slice holds, all of a tensor's or one of them; nil for what is no packed matrix.
    private func matrices(in slice: BufferSlice) -> Packed? {
        for whole in packed[ObjectIdentifier(slice.buffer)] ?? []
        where slice.offset >= whole.slice.offset && slice.offset + slice.byteCount <= whole.slice.offset + whole.slice.byteCount {
            return Packed(
                slice: slice, matrices: slice.byteCount / (whole.slice.byteCount / whole.matrices), tiles: whole.tiles)
        }
        return nil
    }
}
