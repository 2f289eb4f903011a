/**
 * Writing of TFLite files.
 *
 * @module
 */

import { Builder } from "flatbuffers";
import {
  OPERATORS,
  OPTION_TABLES,
  TENSOR_TYPES,
  type TfliteModel,
  type TfliteOperator,
  type TfliteTensor,
} from "./tflite_model.ts";

const FILE_IDENTIFIER = "TFL3";
const SCHEMA_VERSION = 3;
/** Alignment of constants that TFLite's schema asks for. */
const DATA_ALIGNMENT = 16;

/** A field of a table: slot, kind and value, an offset for what stands elsewhere in the file. */
type Field = [slot: number, kind: "int8" | "int32" | "offset", value: number];

/** Writes a file. */
export function writeTflite(model: TfliteModel): Uint8Array {
  const builder = new Builder(1 << 20);
  builder.forceDefaults(true);
  const constants = model.tensors.filter(({ data }) => data);
  const buffers = [
    table(builder, []),
    ...constants.map(({ data }) => table(builder, [[0, "offset", bytes(builder, data!)]])),
  ];
  const tensors = model.tensors.map((tensor) => writeTensor(builder, tensor, constants.indexOf(tensor) + 1));
  const used = [...new Set(model.operators.map(({ operator }) => operator))];
  const operators = model.operators.map((call) => writeOperator(builder, call, used.indexOf(call.operator)));
  const graph = table(builder, [
    [0, "offset", offsets(builder, tensors)],
    [1, "offset", int32s(builder, [model.input])],
    [2, "offset", int32s(builder, [model.output])],
    [3, "offset", offsets(builder, operators)],
    [4, "offset", builder.createString("main")],
  ]);
  const codes = used.map((operator) => {
    const { code, version } = OPERATORS[operator];
    return table(builder, [[0, "int8", code], [2, "int32", version], [3, "int32", code]]);
  });
  const root = table(builder, [
    [0, "int32", SCHEMA_VERSION],
    [1, "offset", offsets(builder, codes)],
    [2, "offset", offsets(builder, [graph])],
    [4, "offset", offsets(builder, buffers)],
  ]);
  builder.finish(root, FILE_IDENTIFIER);
  return builder.asUint8Array();
}

function writeTensor(builder: Builder, tensor: TfliteTensor, buffer: number): number {
  const { name, type, shape, quantization } = tensor;
  const fields: Field[] = [
    [0, "offset", int32s(builder, shape)],
    [1, "int8", TENSOR_TYPES[type]],
    [2, "int32", buffer],
    [3, "offset", builder.createString(name)],
  ];
  if (quantization) {
    const { scales, zeroPoints, axis } = quantization;
    const parameters = table(builder, [
      [2, "offset", vector(builder, { values: scales, bytes: 4, add: (value) => builder.addFloat32(value) })],
      [
        3,
        "offset",
        vector(builder, { values: zeroPoints, bytes: 8, add: (value) => builder.addInt64(BigInt(value)) }),
      ],
      [6, "int32", axis],
    ]);
    fields.push([4, "offset", parameters]);
  }
  return table(builder, fields);
}

function writeOperator(builder: Builder, { inputs, output, options }: TfliteOperator, code: number): number {
  const fields: Field[] = [
    [0, "int32", code],
    [1, "offset", int32s(builder, inputs)],
    [2, "offset", int32s(builder, [output])],
  ];
  if (options) {
    const values = options.fields.map(([slot, bits, value]): Field => [slot, bits === 8 ? "int8" : "int32", value]);
    fields.push([3, "int8", OPTION_TABLES[options.table]], [4, "offset", table(builder, values)]);
  }
  return table(builder, fields);
}

function table(builder: Builder, fields: Field[]): number {
  builder.startObject(fields.reduce((slots, [slot]) => Math.max(slots, slot + 1), 0));
  for (const [slot, kind, value] of fields) {
    if (kind === "int8") builder.addFieldInt8(slot, value, 0);
    else if (kind === "int32") builder.addFieldInt32(slot, value, 0);
    else builder.addFieldOffset(slot, value, 0);
  }
  return builder.endObject();
}

function vector(
  builder: Builder,
  { values, bytes, add }: { values: ArrayLike<number>; bytes: number; add: (value: number) => void },
): number {
  builder.startVector(bytes, values.length, bytes);
  for (let index = values.length - 1; index >= 0; index--) add(values[index]);
  return builder.endVector();
}

function int32s(builder: Builder, values: number[]): number {
  return vector(builder, { values, bytes: 4, add: (value) => builder.addInt32(value) });
}

function offsets(builder: Builder, values: number[]): number {
  return vector(builder, { values, bytes: 4, add: (value) => builder.addOffset(value) });
}

function bytes(builder: Builder, data: ArrayBufferView): number {
  builder.prep(DATA_ALIGNMENT, data.byteLength);
  return builder.createByteVector(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
