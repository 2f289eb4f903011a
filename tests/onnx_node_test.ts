import { assertEquals } from "@std/assert";
import { extractArchive, type NodeCase, readCases, runCase } from "./support/onnx_node_cases.ts";

const archive = new URL("../../shared/data/onnx-node-tests-1.18.tar.gz", import.meta.url);

/** Operators whose node tests are run: tests with any other are out of scope. */
const OPERATORS = new Set(
  ("Add AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv " +
    "ConvTranspose DepthToSpace Div Dropout Elu Equal Expand Flatten Floor Gather Gelu Gemm " +
    "GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Identity LeakyRelu MatMul Max MaxPool " +
    "Min Mul Neg PRelu Pad Range ReduceMean Relu Reshape Resize Shape Sigmoid Slice Softmax " +
    "SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze Upsample Where").split(" "),
);

/** Tests of these operators that are out of scope, with the reason. */
const OUT_OF_SCOPE: [RegExp, string][] = [
  [/FLOAT8|FLOAT4|BFLOAT16|_U?INT4|STRING|_string/, "types that are refused"],
  [/^identity_(opt|sequence)$/, "optional and sequence types"],
  [/^(averagepool|maxpool|convtranspose)_3d/, "three spatial dimensions"],
  [/^training_dropout|training_mode/, "training mode"],
  [/^dropout_default_mask/, "the mask as an output"],
  [/cubic|antialias|tf_crop_and_resize/, "resampling modes"],
  [
    /^resize_downsample_scales_linear_align_corners$/,
    "corners aligned with a fractional length, which neither torch nor onnxruntime does",
  ],
  [/^maxpool_with_argmax/, "indices as an output"],
  [
    /_zero_size_splits|^slice_start_out_of_bounds$|^constantofshape_int_shape_zero$|allowzero/,
    "values without elements",
  ],
  [/^group_normalization/, "square roots of variables"],
  [/^maxpool_2d_uint8$|^clip_default_int8|^(edge|reflect|wrap)_pad$/, "integer variables"],
];

/** Tests that are run with all inputs constant. */
const FOLDED =
  /^(add|concat|constant|constantofshape|div|equal|expand|flatten|floor|gather|max|min|mul|neg|range|reshape|shape|slice|split|sqrt|squeeze|sub|sum|transpose|unsqueeze|where|cast)_|^(add|constant|constant_pad|div|equal|floor|mul|neg|shape|slice|sqrt|squeeze|sub|where)$|^castlike/;

/** Tests of operators that have no float32 form for variables. */
const ONLY_FOLDED =
  /^(constant|constantofshape|equal|floor|range|shape|sqrt|where|cast)(_(?!pad)|$)|^castlike|^constant$|_uint8$|^(max|min)_(u?int\d+|float16|float64)$/;

/** Tests that hand an input through, whose outputs are added to zeros. */
const UNCHANGED = /^(identity|transpose_all_permutations_0|dropout|sum_one|max_one|min_one|clip_default_inbounds)/;

/** Operators of which every input is a variable. */
const ALL_VARIABLE = new Set(["Add", "Concat", "Div", "MatMul", "Max", "Min", "Mul", "Sub", "Sum"]);

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}

function runVariable(test: NodeCase): string | undefined {
  const all = test.operators.length === 1 && ALL_VARIABLE.has(test.operators[0]);
  return runCase(test, {
    isVariable: (index, tensor) => (index === 0 || all) && tensor.dataType === 1,
    wrap: UNCHANGED.test(test.name),
  });
}

Deno.test({
  name: "ONNX node tests of the supported operators give the expected outputs",
  ignore: !exists(archive),
  async fn() {
    const folder = await Deno.makeTempDir();
    const failures: string[] = [];
    const skipped = new Map<string, number>();
    let [variable, folded] = [0, 0];
    try {
      await extractArchive(archive, folder);
      for (const test of readCases(`${folder}/node`)) {
        const reason = test.operators.every((operator) => OPERATORS.has(operator))
          ? OUT_OF_SCOPE.find(([pattern]) => pattern.test(test.name))?.[1]
          : "other operators";
        if (reason) {
          skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
          continue;
        }
        if (!ONLY_FOLDED.test(test.name)) {
          variable++;
          const failure = runVariable(test);
          if (failure) failures.push(`${test.name}: ${failure}`);
        }
        if (FOLDED.test(test.name)) {
          folded++;
          const failure = runCase(test, { isVariable: () => false, wrap: true });
          if (failure) failures.push(`${test.name} (folded): ${failure}`);
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    console.log(`${variable} run on variables, ${folded} folded, ${failures.length} failed`);
    for (const [reason, count] of skipped) console.log(`${count} out of scope: ${reason}`);
    assertEquals(failures, []);
  },
});
