using SharpFuzz.CommandLine;

return Tool.Run(args);
