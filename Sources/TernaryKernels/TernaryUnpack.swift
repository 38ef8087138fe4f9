import TernaryCore
import VulkanCompute

/// Ternary weights from 1.6 bits to the 2 that products read.
///
/// Buffers: packed, tiles (`Shaders/ternary_unpack`).
public struct TernaryUnpack: Kernel {
    /// The push-constant block.
    public struct Params: BitwiseCopyable, Sendable { var tiles, packedVectors: UInt32 }

    /// The buffers named above.
    public static let bindings = 2

    /// Matrices of one shape, one behind the other.
    public var matrices: Int
    /// Tiles of a matrix.
    public var tiles: Int

    /// Describes one dispatch.
    public init(matrices: Int, tiles: Int) {
        self.matrices = matrices
        self.tiles = tiles
    }

    /// The only build there is.
    public func code(for device: DeviceTraits) -> ShaderCode { CompiledKernels.ternaryUnpack }
    /// None: it is the same on every device.
    public func constants(for device: DeviceTraits) -> [UInt32] { [] }
    /// As the shader declares them.
    public var params: Params {
        Params(tiles: UInt32(tiles), packedVectors: UInt32(Base3Packing.byteCount(tiles: tiles) / 16))
    }
    /// An invocation for five tiles.
    public func workgroups(for device: DeviceTraits) -> (x: Int, y: Int) {
        (ceilDivide(ceilDivide(tiles, Base3Packing.tilesEach), 256), matrices)
    }
}
